'use client';

import { Alert, Button, Group, Loader, Modal, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import { useEffect, useState } from 'react';
import type { Entry } from './files-client';
import { formatSize, imageTypeOf, textOf } from './paths';
import { change, type Files, sentenceOf } from './use-files';

const TextEditor = dynamic(() => import('./text-editor').then(({ TextEditor: shown }) => shown), {
  ssr: false,
  loading: () => <Loader type="dots" m="xl" />,
});

/** The longest text that can be edited here; of a longer one this much is shown. */
const MOST_TEXT_BYTES = 1_000_000;
const MOST_IMAGE_BYTES = 20_000_000;

type Props = { files: Files; entry: Entry; onClose: () => void };

/** Shows a file as text to edit or as a picture; offers the download of any other file. */
export function Preview({ files, entry, onClose }: Props) {
  const [isChanged, setChanged] = useState(false);
  function close() {
    if (isChanged && !window.confirm('Close without saving your changes?')) return;
    onClose();
  }
  return (
    <Modal
      opened
      onClose={close}
      title={entry.name}
      size="xl"
      classNames={{ body: 'files-preview', title: 'files-name' }}
    >
      <Content files={files} entry={entry} onChanged={setChanged} />
    </Modal>
  );
}

type ContentProps = { files: Files; entry: Entry; onChanged: (isChanged: boolean) => void };

function Content({ files, entry, onChanged }: ContentProps) {
  const type = imageTypeOf(entry.name);
  const most = type ? MOST_IMAGE_BYTES : MOST_TEXT_BYTES;
  const read = useQuery({
    queryKey: ['file', entry.path],
    queryFn: () => files.files.read(entry.path, most),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  });
  if (read.error) return <Alert color="red">{sentenceOf(read.error)}</Alert>;
  if (!read.data || read.isFetching) return <Loader type="dots" m="xl" aria-label="Loading" />;
  const { bytes, etag } = read.data;
  const isCut = bytes.length >= most;
  if (type && !isCut) return <Picture bytes={bytes} type={type} name={entry.name} />;
  const text = type ? null : textOf(bytes, isCut);
  if (text === null) return <Nothing files={files} entry={entry} />;
  return (
    <>
      {isCut && (
        <Text size="sm" c="dimmed" mb="xs">
          The first {formatSize(MOST_TEXT_BYTES)} of this file. It is too large to be edited here.
        </Text>
      )}
      <TextEditor
        name={entry.name}
        text={text}
        etag={etag}
        isReadOnly={isCut}
        save={(content, mark) => files.files.write(entry.path, content, mark)}
        onSaved={files.refresh}
        onChanged={onChanged}
        onReload={() => {
          onChanged(false);
          void read.refetch();
        }}
      />
    </>
  );
}

function Picture({ bytes, type, name }: { bytes: Uint8Array<ArrayBuffer>; type: string; name: string }) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, type]);
  // biome-ignore lint/performance/noImgElement: a picture of the workspace has no URL that could be optimized
  return url ? <img className="files-picture" src={url} alt={name} /> : null;
}

const Nothing = ({ files, entry }: Pick<Props, 'files' | 'entry'>) => (
  <Group justify="space-between">
    <Text c="dimmed">This file is no text and no picture.</Text>
    <Button size="xs" onClick={() => void change(files, () => files.files.download(entry.path, 'read'))}>
      Download
    </Button>
  </Group>
);
