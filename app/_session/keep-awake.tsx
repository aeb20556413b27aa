'use client';

import { Button, Group, Menu, Modal, Select, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { Session } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';
import { formatTime } from '../_format/instant';
import { useStarts } from '../_status/start-context';
import { keepAwakeChoices } from './idle-choices';
import { usePlan } from './use-plan';
import { useSessionActs } from './use-session-acts';

type ItemsProps = { session: Session; onChoose: () => void };

/** The menu entries that keep a running session awake and end that; renders nothing for other sessions. */
export function KeepAwakeItems({ session, onChoose }: ItemsProps) {
  const acts = useSessionActs(session);
  const { now } = useStarts();
  if (session.status !== 'running') return null;
  return (
    <>
      {session.keepAwakeUntil && (
        <Menu.Item onClick={() => acts.keepAwake(0)}>
          Kept awake until {formatTime(session.keepAwakeUntil, now)}: take back
        </Menu.Item>
      )}
      <Menu.Item onClick={onChoose}>Keep awake until…</Menu.Item>
    </>
  );
}

type DialogProps = { session: Session; opened: boolean; onClose: () => void };

/** Chooses until when a session is kept awake, within the plan. */
export function KeepAwakeDialog({ session, opened, onClose }: DialogProps) {
  const acts = useSessionActs(session);
  const { now } = useStarts();
  const choices = keepAwakeChoices(usePlan()?.idleStop.maxSeconds);
  const [chosen, setChosen] = useState<number | null>(null);
  const seconds = chosen ?? choices[0] ?? 0;
  const at = (after: number) => formatTime(new Date(now + after * 1000).toISOString(), now);
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (await acts.keepAwake(seconds)) onClose();
  }
  return (
    <Modal opened={opened} onClose={onClose} title={`Keep ${session.name} awake`} centered>
      <form onSubmit={submit}>
        <Stack>
          <Select
            label="Keep awake until"
            data={choices.map((after) => ({
              value: String(after),
              label: `${at(after)} (${formatAllowance(after)})`,
            }))}
            value={String(seconds)}
            onChange={(value) => value && setChosen(Number(value))}
            allowDeselect={false}
            comboboxProps={{ withinPortal: true }}
          />
          <Text size="sm" c="dimmed">
            No idle stop comes before then. Running time is charged as ever, and the session still stops when
            the quota is used up.
          </Text>
          <Group justify="flex-end">
            <Button type="submit" loading={acts.busy}>
              Keep awake
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
