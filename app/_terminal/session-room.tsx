'use client';

import { Anchor, Button, Center, Loader, Skeleton, Stack, Text, Title } from '@mantine/core';
import Link from 'next/link';
import type { Session } from '@/server/shapes';
import { StatusBadge } from '../_session/status-badge';
import { TimeLeft } from '../_session/time-left';
import { useSessionActs } from '../_session/use-session-acts';
import { END_WORDS } from '../_session/words';
import { QuotaBanner } from '../_status/banner';
import { StartButton } from '../_status/start-button';
import { useStarts } from '../_status/start-context';
import { TerminalTabs } from './terminal-tabs';
import './terminal.css';

/** A session's page is its terminal: one strip that says when it stops and why, tabs, and the full height. */
export function SessionRoom({ sessionId }: { sessionId: string }) {
  const { status } = useStarts();
  if (!status) {
    return (
      <main className="page" id="content">
        <Skeleton height={36} mb="md" />
        <Skeleton height="60vh" />
      </main>
    );
  }
  const session = status.sessions.find((other) => other.id === sessionId);
  if (!session) return <Missing />;
  return (
    <main className="terminal-room" id="content">
      <Strip session={session} />
      {session.status === 'running' ? <TerminalTabs sessionId={session.id} /> : <Resting session={session} />}
    </main>
  );
}

function Strip({ session }: { session: Session }) {
  const acts = useSessionActs(session);
  const { status } = useStarts();
  const short = status && status.quota.level !== 'ok' && status.quota.level !== 'unlimited';
  return (
    <div className="terminal-strip">
      <Title order={1} size="h5" className="one-line" title={session.name}>
        {session.name}
      </Title>
      <StatusBadge status={session.status} />
      <div className="grow">{session.status === 'running' && <TimeLeft session={session} />}</div>
      {short && (
        <Anchor component={Link} href={status.upgrade?.url ?? '/plans'} size="sm">
          More time
        </Anchor>
      )}
      {session.status === 'running' && (
        <Button variant="default" size="xs" onClick={acts.stop} loading={acts.busy}>
          Stop
        </Button>
      )}
    </div>
  );
}

/** Not running: why, and what to do. */
function Resting({ session }: { session: Session }) {
  const { start, starting, explanation } = useStarts();
  const moving = session.status === 'starting' || session.status === 'stopping';
  return (
    <Center className="terminal-body">
      <Stack align="center" gap="sm" p="md" maw={520}>
        {moving ? (
          <>
            <Loader color={session.status === 'starting' ? 'blue' : 'yellow'} type="dots" />
            <TimeLeft session={session} />
          </>
        ) : (
          <>
            <Text fw={600}>This session is {session.status === 'failed' ? 'not running' : 'stopped'}</Text>
            <Text ta="center" c="dimmed">
              {session.endReason ? END_WORDS[session.endReason] : 'It has not been started yet.'}
            </Text>
            {explanation && (
              <Text ta="center" size="sm">
                {explanation.text}
              </Text>
            )}
            <StartButton busy={starting.has(session.id)} onStart={() => start(session.id)}>
              Start
            </StartButton>
          </>
        )}
        <QuotaBanner />
        <Anchor component={Link} href="/dashboard" size="sm">
          All sessions
        </Anchor>
      </Stack>
    </Center>
  );
}

function Missing() {
  return (
    <main className="page" id="content">
      <Title order={1} size="h3">
        There is no such session
      </Title>
      <Text my="md">It was deleted, or it belongs to another account.</Text>
      <Button component={Link} href="/dashboard">
        All sessions
      </Button>
    </main>
  );
}
