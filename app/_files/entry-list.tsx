'use client';

import { ActionIcon, Button, Menu, Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { formatTime } from '../_format/instant';
import type { Entry } from './files-client';
import { KindIcon } from './icons';
import { NameDialog } from './name-dialogs';
import { formatSize } from './paths';
import { change, type Files } from './use-files';

type ListProps = { files: Files; entries: Entry[]; onOpen: (entry: Entry) => void };

/** Lists the entries of a folder with name, size, time and a menu. */
export function EntryList({ files, entries, onOpen }: ListProps) {
  const [now] = useState(() => Date.now());
  const [named, setNamed] = useState<{ entry: Entry; isMove: boolean } | null>(null);
  return (
    <>
      <table className="files-table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className="files-size">
              Size
            </th>
            <th scope="col" className="files-time">
              Changed
            </th>
            <th scope="col">
              <VisuallyHidden>Actions</VisuallyHidden>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.path}>
              <td>
                <EntryName entry={entry} onOpen={onOpen} />
              </td>
              <td className="files-size">{entry.kind === 'file' ? formatSize(entry.sizeBytes) : ''}</td>
              <td className="files-time">{formatTime(entry.modifiedAt, now)}</td>
              <td className="files-acts">
                <EntryMenu files={files} entry={entry} onName={(isMove) => setNamed({ entry, isMove })} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {named && <NameDialog files={files} {...named} onClose={() => setNamed(null)} />}
    </>
  );
}

function EntryName({ entry, onOpen }: { entry: Entry; onOpen: (entry: Entry) => void }) {
  const { name, kind, leadsTo } = entry;
  const isDead = kind === 'other' || (kind === 'link' && (leadsTo === null || leadsTo === 'other'));
  const words = { file: '', folder: 'Folder', link: 'Link', other: 'Not a file' }[kind];
  const inside = (
    <>
      <KindIcon kind={kind} />
      <span className="files-name">{name}</span>
      {words && <VisuallyHidden>{words}</VisuallyHidden>}
      {kind === 'link' && (
        <Text span size="xs" c="dimmed" className="files-link-note">
          {leadsTo === null ? 'leads outside or nowhere' : 'link'}
        </Text>
      )}
    </>
  );
  if (isDead) return <span className="files-open">{inside}</span>;
  return (
    <UnstyledButton className="files-open" onClick={() => onOpen(entry)}>
      {inside}
    </UnstyledButton>
  );
}

type MenuProps = { files: Files; entry: Entry; onName: (isMove: boolean) => void };

function EntryMenu({ files, entry, onName }: MenuProps) {
  const isFolder = entry.kind === 'folder' || entry.leadsTo === 'folder';
  const isFile = entry.kind === 'file' || entry.leadsTo === 'file';
  const download = () => files.files.download(entry.path, isFolder ? 'archive' : 'read');
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`More for ${entry.name}`}>
          ⋯
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(isFile || isFolder) && (
          <Menu.Item onClick={() => void change(files, download)}>
            {isFolder ? 'Download (.tar.gz)' : 'Download'}
          </Menu.Item>
        )}
        <Menu.Item onClick={() => onName(false)}>Rename</Menu.Item>
        <Menu.Item onClick={() => onName(true)}>Move</Menu.Item>
        <Menu.Item color="red" onClick={() => void remove(files, entry)}>
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Deletes an entry at once and offers to restore it. */
async function remove(files: Files, { path, name }: Entry): Promise<void> {
  let trashId = '';
  const done = await change(files, async () => {
    trashId = (await files.files.remove(path)).trashId;
  });
  if (!done) return;
  async function undo() {
    notifications.hide(trashId);
    await change(files, () => files.files.restore(trashId, path));
  }
  notifications.show({
    id: trashId,
    title: `Deleted ${name}`,
    message: (
      <Button size="compact-sm" variant="default" mt={4} onClick={() => void undo()}>
        Undo
      </Button>
    ),
    autoClose: 15_000,
  });
}
