'use client';

import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { usePathname, useRouter } from 'next/navigation';
import { createContext, type FormEvent, type ReactNode, useContext, useMemo, useRef, useState } from 'react';
import { AGENTS, type Agent } from '@/server/shapes';
import { refusalOf, useTRPCClient } from '../_query/trpc';
import { StartButton } from '../_status/start-button';
import { tellProblem, useStarts } from '../_status/start-context';
import { useRefreshStatus } from '../_status/use-status';
import { IdleStopSelect } from './idle-stop';
import { AGENT_WORDS } from './words';

const Context = createContext<{ open: () => void }>({ open: () => {} });

/** Opens the dialog, or explains why nothing can be started. */
export const useNewSession = () => useContext(Context);

/** The one New session dialog of a page; `n` opens it. */
export function NewSessionProvider({ children }: { children: ReactNode }) {
  const { explanation, showWhy } = useStarts();
  const [opened, setOpened] = useState(false);
  const open = explanation === null ? () => setOpened(true) : showWhy;
  // Beside a terminal every letter belongs to the program in it.
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

function NewSessionDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { start, status } = useStarts();
  const client = useTRPCClient();
  const refresh = useRefreshStatus();
  const router = useRouter();
  const [name, setName] = useState('');
  const [agent, setAgent] = useState<Agent>('bash');
  const [idleStopSeconds, setIdleStop] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const created = useRef<string | null>(null);
  const fallback = `workspace ${(status?.sessions.length ?? 0) + 1}`;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      // A second press after a refused start goes on with the session that is there already.
      const chosen = idleStopSeconds === null ? {} : { idleStopSeconds };
      const input = { name: name.trim() || fallback, agent, ...chosen };
      created.current ??= (await client.session.create.mutate(input)).id;
      const sessionId = created.current;
      const started = await start(sessionId);
      created.current = null;
      close();
      if (started) router.push(`/sessions/${sessionId}`);
    } catch (error) {
      tellProblem(refusalOf(error).message);
    } finally {
      setBusy(false);
      await refresh();
    }
  }
  function close() {
    setName('');
    setIdleStop(null);
    onClose();
  }
  return (
    <Modal opened={opened} onClose={close} title="New session" centered>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            placeholder={fallback}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={80}
            data-autofocus
          />
          <AgentSelect value={agent} onChange={setAgent} />
          <IdleStopSelect value={idleStopSeconds} onChange={setIdleStop} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={busy}>
              Create and start
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
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
