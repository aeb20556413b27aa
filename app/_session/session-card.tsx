'use client';

import { Anchor, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import Link from 'next/link';
import type { Session } from '@/server/shapes';
import { StartButton } from '../_status/start-button';
import { useStarts } from '../_status/start-context';
import { DiskNotice } from './disk-notice';
import { KeepRunning } from './keep-running';
import { SessionMenu } from './session-menu';
import { StatusBadge } from './status-badge';
import { TimeLeft } from './time-left';
import { useSessionActs } from './use-session-acts';
import { AGENT_WORDS } from './words';

/** One session: its name, state, stop time with the reason, and the next action. */
export function SessionCard({ session }: { session: Session }) {
  return (
    <Card withBorder padding="md" component="article" aria-label={session.name}>
      <Stack gap="sm" h="100%">
        <Group wrap="nowrap" justify="space-between" align="flex-start">
          <div className="grow">
            <Title order={2} size="md" className="one-line" title={session.name}>
              <Anchor component={Link} href={`/sessions/${session.id}`} prefetch={false} inherit c="inherit">
                {session.name}
              </Anchor>
            </Title>
            <Text size="sm" c="dimmed" className="one-line">
              {AGENT_WORDS[session.agent]} · {session.region}
            </Text>
          </div>
          <StatusBadge status={session.status} />
          <SessionMenu session={session} />
        </Group>
        <div className="grow" style={{ minHeight: 44 }}>
          <TimeLeft session={session} />
          <DiskNotice session={session} />
          {session.metrics && Object.keys(session.metrics).length > 0 && <Figures session={session} />}
        </div>
        <Group gap="xs">
          <NextThing session={session} />
        </Group>
      </Stack>
    </Card>
  );
}

/** The buttons that fit the state of a session. */
function NextThing({ session }: { session: Session }) {
  const { start, starting } = useStarts();
  const acts = useSessionActs(session);
  if (session.status === 'stopping')
    return (
      <Button variant="default" size="sm" aria-disabled data-disabled>
        Stopping…
      </Button>
    );
  if (session.status === 'running' || session.status === 'starting')
    return (
      <>
        <Button component={Link} href={`/sessions/${session.id}`} prefetch={false} size="sm">
          Open
        </Button>
        <Button variant="default" size="sm" onClick={acts.stop} loading={acts.busy}>
          Stop
        </Button>
        <KeepRunning session={session} size="sm" />
      </>
    );
  return (
    <StartButton
      size="sm"
      variant="light"
      busy={starting.has(session.id)}
      sessionId={session.id}
      onStart={() => start(session.id)}
    >
      Start
    </StartButton>
  );
}

function Figures({ session }: { session: Session }) {
  const { cpuPercent, memoryMb, memoryTotalMb, diskMb, diskTotalMb } = session.metrics ?? {};
  const share = (part?: number, whole?: number) =>
    part !== undefined && whole ? `${Math.round((100 * part) / whole)} %` : '–';
  return (
    <Text size="xs" c="dimmed">
      CPU {cpuPercent === undefined ? '–' : `${Math.round(cpuPercent)} %`} · memory{' '}
      {share(memoryMb, memoryTotalMb)} · disk {share(diskMb, diskTotalMb)}
    </Text>
  );
}
