'use client';

import { ActionIcon, Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type FormEvent, useState } from 'react';
import { KEPT, type Session } from '@/server/shapes';
import { useSessionActs } from './use-session-acts';

/** Rename and delete, each in a small dialog; deleting says what goes with it. */
export function SessionMenu({ session, onDeleted }: { session: Session; onDeleted?: () => void }) {
  const acts = useSessionActs(session);
  const [renaming, rename] = useDisclosure(false);
  const [deleting, remove] = useDisclosure(false);
  const [name, setName] = useState(session.name);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (await acts.rename(name)) rename.close();
  }
  async function deleteIt() {
    if (!(await acts.remove())) return;
    remove.close();
    onDeleted?.();
  }
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`More for ${session.name}`}>
            ⋯
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={rename.open}>Rename</Menu.Item>
          <Menu.Item color="red" onClick={remove.open}>
            Delete
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label maw={260}>{KEPT}</Menu.Label>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={renaming} onClose={rename.close} title="Rename session" centered>
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
      <Modal opened={deleting} onClose={remove.close} title="Delete session" centered>
        <Stack>
          <Text>
            <b style={{ overflowWrap: 'anywhere' }}>{session.name}</b> and all its files, the home folder
            included, are removed for good. Its usage stays on your bill.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={remove.close} data-autofocus>
              Keep it
            </Button>
            <Button color="red.9" loading={acts.busy} onClick={deleteIt}>
              Delete
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
