'use client';

import { Alert, Anchor, Breadcrumbs, Button, FileButton, Group, Menu, Skeleton, Text } from '@mantine/core';
import dynamic from 'next/dynamic';
import { type DragEvent, useState } from 'react';
import { tellProblem } from '../_query/tell-problem';
import { chosenFiles, droppedFiles, MOST_FILES } from './dropped-files';
import { EntryList } from './entry-list';
import type { Entry } from './files-client';
import { FolderDialog } from './name-dialogs';
import { crumbsOf } from './paths';
import { UploadList } from './upload-list';
import type { Dropped } from './uploads';
import { change, type Files, sentenceOf, useFiles, useFolder } from './use-files';
import './files.css';

const Preview = dynamic(() => import('./preview').then(({ Preview: shown }) => shown), { ssr: false });

/** The files of a running session: browse, upload by dropping, open and change them. */
export function FilesPanel({ sessionId, isShown }: { sessionId: string; isShown: boolean }) {
  const files = useFiles(sessionId);
  const [path, setPath] = useState('');
  const [opened, setOpened] = useState<Entry | null>(null);
  const folder = useFolder(files, sessionId, path, isShown);
  const drop = useDrop((dropped) => upload(files, path, dropped));
  const isFolder = (entry: Entry) => entry.kind === 'folder' || entry.leadsTo === 'folder';
  return (
    <section className="files" aria-label="Files" data-over={drop.isOver || undefined} {...drop.handlers}>
      <div className="files-bar">
        <Crumbs path={path} onOpen={setPath} />
        <Toolbar files={files} path={path} />
      </div>
      <div className="files-scroll">
        <FolderContent
          files={files}
          folder={folder}
          onOpen={(entry) => (isFolder(entry) ? setPath(entry.path) : setOpened(entry))}
          onLeave={path === '' ? null : () => setPath('')}
        />
      </div>
      <UploadList uploads={files.uploads} />
      {opened && <Preview files={files} entry={opened} onClose={() => setOpened(null)} />}
    </section>
  );
}

type ContentProps = {
  files: Files;
  folder: ReturnType<typeof useFolder>;
  onOpen: (entry: Entry) => void;
  /** Opens the workspace; null when it is open already. */
  onLeave: (() => void) | null;
};

function FolderContent({ files, folder, onOpen, onLeave }: ContentProps) {
  const pages = folder.data?.pages ?? [];
  const entries = pages.flatMap(({ items }) => items);
  if (folder.error && pages.length === 0)
    return (
      <Alert color="red" title="This folder cannot be shown" m="md">
        <Text size="sm">{sentenceOf(folder.error)}</Text>
        <Group mt="sm">
          <Button size="xs" variant="default" onClick={() => void folder.refetch()}>
            Try again
          </Button>
          {onLeave && (
            <Button size="xs" variant="default" onClick={onLeave}>
              Go to the workspace
            </Button>
          )}
        </Group>
      </Alert>
    );
  if (pages.length === 0) return <Waiting />;
  if (entries.length === 0) return <Empty />;
  return (
    <>
      <EntryList files={files} entries={entries} onOpen={onOpen} />
      {folder.hasNextPage && (
        <Button
          m="md"
          variant="default"
          size="xs"
          loading={folder.isFetchingNextPage}
          onClick={() => void folder.fetchNextPage()}
        >
          Show more
        </Button>
      )}
      {pages.some(({ isCut }) => isCut) && (
        <Text size="sm" c="dimmed" p="md">
          This folder has more than 20,000 entries; only the first are shown.
        </Text>
      )}
    </>
  );
}

function upload(files: Files, folder: string, dropped: Dropped[]): void {
  if (dropped.length >= MOST_FILES)
    tellProblem(
      `Only the first ${MOST_FILES} files are uploaded. Pack a larger folder into an archive first.`,
    );
  files.uploads.add(folder, dropped);
}

/** Returns whether files are dragged over the panel, and the handlers of the drop. */
function useDrop(onDrop: (dropped: Dropped[]) => void) {
  const [depth, setDepth] = useState(0);
  const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files');
  return {
    isOver: depth > 0,
    handlers: {
      onDragEnter: (event: DragEvent) => {
        if (hasFiles(event)) setDepth((before) => before + 1);
      },
      onDragLeave: (event: DragEvent) => {
        if (hasFiles(event)) setDepth((before) => Math.max(0, before - 1));
      },
      onDragOver: (event: DragEvent) => {
        if (hasFiles(event)) event.preventDefault();
      },
      onDrop: (event: DragEvent) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setDepth(0);
        void droppedFiles(event.dataTransfer)
          .then(onDrop)
          .catch(() => tellProblem('What was dropped cannot be read.'));
      },
    },
  };
}

function Crumbs({ path, onOpen }: { path: string; onOpen: (path: string) => void }) {
  const crumbs = crumbsOf(path);
  return (
    <Breadcrumbs
      component="nav"
      aria-label="Folder"
      separator="/"
      separatorMargin={6}
      className="files-crumbs"
    >
      {crumbs.map((crumb, index) =>
        index === crumbs.length - 1 ? (
          <Text key={crumb.path} size="sm" fw={600} aria-current="page">
            {crumb.name}
          </Text>
        ) : (
          <Anchor
            key={crumb.path}
            component="button"
            type="button"
            size="sm"
            onClick={() => onOpen(crumb.path)}
          >
            {crumb.name}
          </Anchor>
        ),
      )}
    </Breadcrumbs>
  );
}

function Toolbar({ files, path }: { files: Files; path: string }) {
  const [isNaming, setNaming] = useState(false);
  const add = (list: File[] | null) => {
    const data = new DataTransfer();
    for (const file of list ?? []) data.items.add(file);
    upload(files, path, chosenFiles(data.files));
  };
  return (
    <Group gap="xs" wrap="nowrap">
      <FileButton onChange={add} multiple>
        {(props) => (
          <Button size="xs" {...props}>
            Upload
          </Button>
        )}
      </FileButton>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button size="xs" variant="default" aria-label="More for this folder">
            ⋯
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setNaming(true)}>New folder</Menu.Item>
          <FolderChooser onChosen={(dropped) => upload(files, path, dropped)} />
          <Menu.Item onClick={() => void change(files, () => files.files.download(path, 'archive'))}>
            Download this folder (.tar.gz)
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <FolderDialog files={files} folder={path} opened={isNaming} onClose={() => setNaming(false)} />
    </Group>
  );
}

/** Chooses a whole folder; phones do not support it. */
function FolderChooser({ onChosen }: { onChosen: (dropped: Dropped[]) => void }) {
  function choose() {
    const input = document.createElement('input');
    input.type = 'file';
    input.webkitdirectory = true;
    input.onchange = () => onChosen(chosenFiles(input.files));
    input.click();
  }
  return <Menu.Item onClick={choose}>Upload a folder</Menu.Item>;
}

const Waiting = () => (
  <div className="files-waiting" aria-busy>
    {[70, 45, 60, 35].map((width) => (
      <Skeleton key={width} height={18} width={`${width}%`} my={14} />
    ))}
  </div>
);

const Empty = () => (
  <div className="files-empty">
    <Text fw={600}>This folder is empty</Text>
    <Text size="sm" c="dimmed">
      Drop files or folders here, or choose Upload.
    </Text>
  </div>
);
