'use client';

import { Anchor, Button, Center, Loader, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { KEPT } from '@/server/kept';
import type { Session } from '@/server/shapes';
import { SessionViews } from '../_files/session-views';
import { DiskNotice } from '../_session/disk-notice';
import { KeepRunning } from '../_session/keep-running';
import { SessionMenu } from '../_session/session-menu';
import { StatusBadge } from '../_session/status-badge';
import { TimeLeft } from '../_session/time-left';
import { useSessionActs } from '../_session/use-session-acts';
import { END_WORDS } from '../_session/words';
import { isToldByBanner, QuotaBanner } from '../_status/banner';
import { StartButton } from '../_status/start-button';
import { useStarts } from '../_status/start-context';
import { MoreTime } from './more-time';
import { TerminalTabs } from './terminal-tabs';
import { useSeenHeight } from './use-seen-height';
import './terminal.css';

/** A session's page: a strip that says when and why the session stops, the tabs, and a terminal of full height. */
export function SessionPage({ sessionId }: { sessionId: string }) {
  const { status } = useStarts();
  const room = useRef<HTMLElement>(null);
  useSeenHeight(room);
  const session = status?.sessions.find((other) => other.id === sessionId);
  useDocumentTitle(`${session?.name ?? 'Session'} · Hourglass`);
  if (!status) {
    return (
      <main className="terminal-room" id="content" aria-busy>
        <div className="terminal-strip">
          <Skeleton height={30} width={240} />
        </div>
        <div className="terminal-body" />
      </main>
    );
  }
  if (!session) return <Missing />;
  return (
    <main className="terminal-room" id="content" ref={room}>
      <Strip session={session} />
      <Terminals session={session} />
    </main>
  );
}

/** The terminals and files of a running session. After a stop the terminals stay readable, below the reason. */
function Terminals({ session }: { session: Session }) {
  const isRunning = session.status === 'running';
  const [run, setRun] = useState<string | null>(null);
  const current = isRunning ? (session.startedAt ?? 'run') : run;
  useEffect(() => setRun(current), [current]);
  return (
    <>
      {!isRunning && <Resting session={session} isSmall={current !== null} />}
      {current !== null && (
        <SessionViews
          key={current}
          sessionId={session.id}
          isRunning={isRunning}
          terminal={
            <TerminalTabs
              sessionId={session.id}
              run={current}
              isOver={!isRunning}
              isGone={!isRunning && session.status !== 'stopping'}
            />
          }
        />
      )}
    </>
  );
}

function Strip({ session }: { session: Session }) {
  const acts = useSessionActs(session);
  const router = useRouter();
  const { status } = useStarts();
  const isShort = status && status.quota.level !== 'ok' && status.quota.level !== 'unlimited';
  const active = session.status === 'running' || session.status === 'starting';
  return (
    <div className="terminal-strip">
      <Title order={1} size="h5" className="one-line" title={session.name}>
        {session.name}
      </Title>
      <StatusBadge status={session.status} />
      <div className="grow">
        {session.status === 'running' && <TimeLeft session={session} />}
        <DiskNotice session={session} />
      </div>
      {active && isShort && <MoreTime />}
      <KeepRunning session={session} size="xs" />
      <SessionMenu session={session} onDeleted={() => router.push('/dashboard')} />
      {active && (
        <Button variant="default" size="xs" onClick={acts.stop} loading={acts.busy}>
          Stop
        </Button>
      )}
    </div>
  );
}

/** A session that is not running: the reason, and the next action. */
function Resting({ session, isSmall }: { session: Session; isSmall: boolean }) {
  const moving = session.status === 'starting' || session.status === 'stopping';
  return (
    <Center className={isSmall ? 'terminal-over' : 'terminal-body'}>
      <Stack align="center" gap="sm" p="md" maw={560}>
        <QuotaBanner />
        {moving ? (
          <>
            <Loader color={session.status === 'starting' ? 'blue' : 'yellow'} type="dots" />
            <TimeLeft session={session} />
          </>
        ) : (
          <Startable session={session} />
        )}
        <Anchor component={Link} href="/dashboard" size="sm">
          All sessions
        </Anchor>
      </Stack>
    </Center>
  );
}

function titleOf({ status, endReason }: Session): string {
  if (status === 'failed') return 'This session could not be started';
  return endReason ? 'This session is stopped' : 'This session was never started';
}

function Startable({ session }: { session: Session }) {
  const { start, starting, explanation, status } = useStarts();
  const isTold = status !== undefined && isToldByBanner(status);
  return (
    <>
      <Title order={2} size="h4" ta="center">
        {titleOf(session)}
      </Title>
      <Text ta="center" c="dimmed">
        {session.endReason ? END_WORDS[session.endReason] : 'Its machine starts in seconds.'}
      </Text>
      {session.endReason && !isTold && (
        <Text ta="center" size="sm" c="dimmed">
          {KEPT}
        </Text>
      )}
      {explanation && !isTold && (
        <Text ta="center" size="sm">
          {explanation.title}. {explanation.text}
        </Text>
      )}
      <StartButton busy={starting.has(session.id)} sessionId={session.id} onStart={() => start(session.id)}>
        Start
      </StartButton>
    </>
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
