'use client';

import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { usePathname } from 'next/navigation';
import { createContext, type FormEvent, type ReactNode, useContext, useMemo, useState } from 'react';
import { AGENTS, type Agent } from '@/server/shapes';
import { StartButton } from '../_status/start-button';
import { useStarts } from '../_status/start-context';
import { StopFirst } from '../_status/stop-first';
import { IdleStopSelect } from './idle-stop';
import { useCreate } from './use-create';
import { AGENT_WORDS } from './words';

const Context = createContext<{ open: () => void }>({ open: () => {} });

/** Returns `open`, which opens the dialog or explains why no session can be started. */
export const useNewSession = () => useContext(Context);

/** The single New session dialog of a page; `n` opens it. */
export function NewSessionProvider({ children }: { children: ReactNode }) {
  const { explanation, showWhy } = useStarts();
  const [opened, setOpened] = useState(false);
  const mayMake = explanation === null || explanation?.reason === 'SESSION_LIMIT_REACHED';
  const open = mayMake ? () => setOpened(true) : () => showWhy();
  // Beside a terminal every key belongs to the program in the terminal.
  const isBesideTerminal = usePathname().startsWith('/sessions/');
  useHotkeys(isBesideTerminal ? [] : [['n', open]]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `open` follows from these two
  const value = useMemo(() => ({ open }), [explanation, showWhy]);
  return (
    <Context.Provider value={value}>
      {children}
      <NewSessionDialog opened={opened} onClose={() => setOpened(false)} />
    </Context.Provider>
  );
}

export function NewSessionButton() {
  const { open } = useNewSession();
  return (
    <StartButton onStart={open} aria-keyshortcuts="n">
      New session
    </StartButton>
  );
}

const options = AGENTS.map((agent) => ({ value: agent, label: AGENT_WORDS[agent] }));

/** Returns the fields of the form, why its button is limited or off, and its actions. */
function useForm(onClose: () => void) {
  const { start, status, explanation, showWhy } = useStarts();
  const isFull = explanation?.reason === 'SESSION_LIMIT_REACHED';
  // The quota can run out while the form is open.
  const isOff = !isFull && Boolean(explanation);
  const { create, busy } = useCreate(close);
  const [name, setName] = useState('');
  const [agent, setAgent] = useState<Agent>('bash');
  const [idleStopSeconds, setIdleStop] = useState<number | null>(null);
  const fallback = `workspace ${(status?.sessions.length ?? 0) + 1}`;
  const chosen = idleStopSeconds === null ? {} : { idleStopSeconds };
  const input = { name: name.trim() || fallback, agent, ...chosen };

  function submit(event: FormEvent) {
    event.preventDefault();
    if (isOff) return showWhy();
    // At the limit of running sessions the session is only created, to be started later.
    void create(input, isFull ? async () => false : start);
  }
  function close() {
    setName('');
    setIdleStop(null);
    onClose();
  }
  const fields = { name, setName, agent, setAgent, idleStopSeconds, setIdleStop, fallback };
  return { ...fields, isFull, isOff, busy, submit, close, create: create.bind(null, input) };
}

function NewSessionDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { swap } = useStarts();
  const form = useForm(onClose);
  const { isFull, isOff } = form;
  return (
    <Modal opened={opened} onClose={form.close} title="New session" centered>
      <form onSubmit={form.submit}>
        <Stack>
          <TextInput
            label="Name"
            placeholder={form.fallback}
            value={form.name}
            onChange={(event) => form.setName(event.currentTarget.value)}
            maxLength={80}
            data-autofocus
          />
          <AgentSelect value={form.agent} onChange={form.setAgent} />
          <IdleStopSelect value={form.idleStopSeconds} onChange={form.setIdleStop} />
          {isFull && <Full onStop={(stopId) => form.create((sessionId) => swap(stopId, sessionId))} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={form.close}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={form.busy}
              variant={isFull ? 'default' : 'filled'}
              data-disabled={isOff || undefined}
              aria-disabled={isOff}
            >
              {isFull ? 'Create, start later' : 'Create and start'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** At the limit of running sessions: the new session can be started later, or replace a running one. */
function Full({ onStop }: { onStop: (sessionId: string) => Promise<boolean> }) {
  const { explanation } = useStarts();
  return (
    <>
      <Text size="sm">
        {explanation?.title}. This one can be made now and started later, or take the place of another.
      </Text>
      <StopFirst onStop={onStop} />
    </>
  );
}

function AgentSelect({ value, onChange }: { value: Agent; onChange: (agent: Agent) => void }) {
  return (
    <Select
      label="First tab runs"
      data={options}
      value={value}
      onChange={(agent) => onChange((agent ?? 'bash') as Agent)}
      allowDeselect={false}
      comboboxProps={{ withinPortal: true }}
    />
  );
}
