'use client';

import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { Session } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';
import { idleChoices } from './idle-choices';
import { usePlan } from './use-plan';
import { useSessionActs } from './use-session-acts';

type Props = { value: number | null; onChange: (seconds: number) => void; chosen?: number };

/**
 * Selects after how long without keys and work a session stops, within the plan; only shows a time that the plan fixes.
 */
export function IdleStopSelect({ value, onChange, chosen }: Props) {
  const plan = usePlan();
  if (!plan) return null;
  const { minSeconds, maxSeconds, defaultSeconds } = plan.idleStop;
  if (minSeconds === maxSeconds) {
    return (
      <Text size="sm" c="dimmed">
        Stops after {formatAllowance(minSeconds)} without a keystroke or work, as every session on the{' '}
        {plan.name} plan.
      </Text>
    );
  }
  return (
    <Select
      label="Stop when idle after"
      description={`Idle is no keystroke and no command at work. Without a keystroke it stops after ${formatAllowance(maxSeconds)} at the latest.`}
      data={idleChoices(plan.idleStop, chosen).map((seconds) => ({
        value: String(seconds),
        label: formatAllowance(seconds),
      }))}
      value={String(value ?? defaultSeconds)}
      onChange={(seconds) => seconds && onChange(Number(seconds))}
      allowDeselect={false}
      comboboxProps={{ withinPortal: true }}
    />
  );
}

type DialogProps = { session: Session; opened: boolean; onClose: () => void };

/** The same choice for an existing session. */
export function IdleStopDialog({ session, opened, onClose }: DialogProps) {
  const acts = useSessionActs(session);
  const [chosen, setChosen] = useState<number | null>(null);
  const seconds = chosen ?? session.idleStopSeconds;
  function close() {
    setChosen(null);
    onClose();
  }
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (seconds === session.idleStopSeconds || (await acts.setIdleStop(seconds))) close();
  }
  return (
    <Modal opened={opened} onClose={close} title={`Idle stop of ${session.name}`} centered>
      <form onSubmit={submit}>
        <Stack>
          <IdleStopSelect value={seconds} onChange={setChosen} chosen={session.idleStopSeconds} />
          <Group justify="flex-end">
            <Button type="submit" loading={acts.busy}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
