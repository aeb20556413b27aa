'use client';

import { Skeleton, Stack, Text, Title } from '@mantine/core';
import { useRouter, useSearchParams } from 'next/navigation';
import { Suspense, useEffect, useRef } from 'react';
import { QuotaBanner } from '../_status/banner';
import { useStarts } from '../_status/start-context';
import { UsageLine } from '../_status/usage-line';
import { NewSessionButton, useNewSession } from './new-session';
import { SessionCard } from './session-card';

export function Dashboard() {
  return (
    <main className="page" id="content">
      <Suspense>
        <DeepLinks />
      </Suspense>
      <QuotaBanner />
      <UsageLine />
      <Title order={1} size="h4" mt="lg" mb="sm">
        Sessions
      </Title>
      <Sessions />
    </main>
  );
}

function Sessions() {
  const { status } = useStarts();
  if (!status) {
    return (
      <div className="cards" aria-busy>
        {[1, 2, 3].map((n) => (
          <Skeleton key={n} height={182} radius="md" />
        ))}
      </div>
    );
  }
  if (status.sessions.length === 0) return <Empty />;
  return (
    <div className="cards">
      {status.sessions.map((session) => (
        <SessionCard key={session.id} session={session} />
      ))}
    </div>
  );
}

function Empty() {
  return (
    <Stack align="center" py={48} gap="xs">
      <Text fw={600}>No sessions yet</Text>
      <Text c="dimmed" ta="center" maw={420}>
        A session is a workspace of your own: a machine with a terminal and your files. It starts in seconds
        and stops by itself.
      </Text>
      <NewSessionButton />
    </Stack>
  );
}

/** `?new=1` opens the dialog and `?start=<id>` starts a session, each once, under the same rules as the buttons. */
function DeepLinks() {
  const params = useSearchParams();
  const router = useRouter();
  const { explanation, start, showWhy } = useStarts();
  const { open } = useNewSession();
  const done = useRef(false);
  const wantsNew = params.get('new') !== null;
  const wantsStart = params.get('start');
  useEffect(() => {
    if (done.current || explanation === undefined || (!wantsNew && !wantsStart)) return;
    done.current = true;
    router.replace('/dashboard');
    if (!wantsStart) open();
    else if (explanation) showWhy(wantsStart);
    else void start(wantsStart);
  }, [explanation, wantsNew, wantsStart, router, showWhy, start, open]);
  return null;
}
