'use client';

import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { Entry } from './files-client';
import { encodeName, encodePath, joinPath, parentOf, shownPath } from './paths';
import { change, type Files } from './use-files';

type FormProps = {
  title: string;
  label: string;
  button: string;
  initial: string;
  description?: string;
  opened: boolean;
  onClose: () => void;
  /** Returns whether it succeeded; otherwise the dialog stays open. */
  onSubmit: (text: string) => Promise<boolean>;
};

function NameForm({ title, label, button, initial, description, opened, onClose, onSubmit }: FormProps) {
  const [text, setText] = useState(initial);
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    const worked = await onSubmit(text.trim());
    setBusy(false);
    if (!worked) return;
    setText(initial);
    onClose();
  }
  return (
    <Modal opened={opened} onClose={onClose} title={title}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={label}
            description={description}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            maxLength={1_000}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button type="submit" loading={busy}>
              {button}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

type FolderProps = { files: Files; folder: string; opened: boolean; onClose: () => void };

export const FolderDialog = ({ files, folder, ...dialog }: FolderProps) => (
  <NameForm
    {...dialog}
    title="New folder"
    label="Name"
    button="Create"
    initial=""
    onSubmit={(text) => change(files, () => files.files.make(joinPath(folder, encodePath(text))))}
  />
);

type NameProps = { files: Files; entry: Entry; isMove: boolean; onClose: () => void };

/** Renames an entry in its folder, or moves it to another folder under the same name. */
export function NameDialog({ files, entry, isMove, onClose }: NameProps) {
  const folder = parentOf(entry.path);
  const ownName = entry.path.slice(folder === '' ? 0 : folder.length + 1);
  const target = (text: string) =>
    isMove ? joinPath(encodePath(text), ownName) : joinPath(folder, encodeName(text));
  const words = isMove
    ? {
        title: `Move ${entry.name}`,
        label: 'Folder',
        button: 'Move',
        initial: shownPath(folder),
        description: 'From the workspace on; empty for the workspace itself. A missing folder is made.',
      }
    : { title: `Rename ${entry.name}`, label: 'Name', button: 'Rename', initial: shownPath(ownName) };
  return (
    <NameForm
      {...words}
      opened
      onClose={onClose}
      onSubmit={(text) => change(files, () => files.files.move(entry.path, target(text)))}
    />
  );
}
