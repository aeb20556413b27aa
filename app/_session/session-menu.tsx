'use client';

import { ActionIcon, Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type FormEvent, useState } from 'react';
import { KEPT } from '@/server/kept';
import type { Session } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';
import { IdleStopDialog } from './idle-stop';
import { KeepAwakeDialog, KeepAwakeItems } from './keep-awake';
import { useSessionActs } from './use-session-acts';

/** Keep awake, idle stop, rename and delete, each in a small dialog. */
export function SessionMenu({ session, onDeleted }: { session: Session; onDeleted?: () => void }) {
  const [renaming, rename] = useDisclosure(false);
  const [deleting, remove] = useDisclosure(false);
  const [choosing, choose] = useDisclosure(false);
  const [keeping, keep] = useDisclosure(false);
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`More for ${session.name}`}>
            ⋯
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <KeepAwakeItems session={session} onChoose={keep.open} />
          <Menu.Item onClick={choose.open}>
            Stop when idle after {formatAllowance(session.idleStopSeconds)}…
          </Menu.Item>
          <Menu.Item onClick={rename.open}>Rename</Menu.Item>
          <Menu.Item color="red" onClick={remove.open}>
            Delete
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label maw={260}>{KEPT}</Menu.Label>
        </Menu.Dropdown>
      </Menu>
      <IdleStopDialog session={session} opened={choosing} onClose={choose.close} />
      <KeepAwakeDialog session={session} opened={keeping} onClose={keep.close} />
      <RenameDialog session={session} opened={renaming} onClose={rename.close} />
      <DeleteDialog session={session} opened={deleting} onClose={remove.close} onDeleted={onDeleted} />
    </>
  );
}

type DialogProps = { session: Session; opened: boolean; onClose: () => void };

function RenameDialog({ session, opened, onClose }: DialogProps) {
  const acts = useSessionActs(session);
  const [name, setName] = useState(session.name);
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (await acts.rename(name)) onClose();
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Rename session" centered>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={80}
            required
            data-autofocus
          />
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

/** Says what is deleted with a session before the deletion. */
function DeleteDialog({ session, opened, onClose, onDeleted }: DialogProps & { onDeleted?: () => void }) {
  const acts = useSessionActs(session);
  async function deleteIt() {
    if (!(await acts.remove())) return;
    onClose();
    onDeleted?.();
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Delete session" centered>
      <Stack>
        <Text>
          <b style={{ overflowWrap: 'anywhere' }}>{session.name}</b> and all its files, the home folder
          included, are removed for good. Its usage stays on your bill.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
          <Button color="red.9" loading={acts.busy} onClick={deleteIt}>
            Delete
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
