'use client';

import { ActionIcon, Button, Progress, Text } from '@mantine/core';
import { formatSize } from './paths';
import type { UploadItem, Uploads } from './uploads';
import { useUploads } from './use-files';

/** Most rows shown; the others are counted. */
const MOST_ROWS = 20;

const WORDS: Record<UploadItem['state'], string> = {
  waiting: 'waiting',
  sending: '',
  retrying: 'connection lost, trying again',
  done: 'done',
  exists: 'there is already a file with this name',
  failed: 'failed',
};

/** Lists the uploads with their progress and actions. */
export function UploadList({ uploads }: { uploads: Uploads }) {
  const items = useUploads(uploads);
  if (items.length === 0) return null;
  const isDone = ({ state }: UploadItem) => state === 'done';
  const open = items.filter((item) => !isDone(item));
  const sum = (of: (item: UploadItem) => number) => items.reduce((total, item) => total + of(item), 0);
  const [sent, total] = [sum(({ sentBytes }) => sentBytes), sum(({ sizeBytes }) => sizeBytes)];
  return (
    <section className="files-uploads" aria-label="Uploads">
      <div className="files-uploads-head">
        <Text size="sm" fw={600} role="status">
          {open.length === 0
            ? `${items.length} uploaded`
            : `${items.length - open.length} of ${items.length} uploaded, ${formatSize(sent)} of ${formatSize(total)}`}
        </Text>
        {open.length < items.length && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => uploads.clearDone()}>
            Clear finished
          </Button>
        )}
      </div>
      <ul>
        {(open.length > 0 ? open : items).slice(0, MOST_ROWS).map((item) => (
          <UploadRow key={item.key} item={item} uploads={uploads} />
        ))}
      </ul>
      {open.length > MOST_ROWS && (
        <Text size="xs" c="dimmed">
          and {open.length - MOST_ROWS} more
        </Text>
      )}
    </section>
  );
}

function UploadRow({ item, uploads }: { item: UploadItem; uploads: Uploads }) {
  const { key, name, sizeBytes, sentBytes, state, why } = item;
  const percent = sizeBytes === 0 ? (state === 'done' ? 100 : 0) : (sentBytes / sizeBytes) * 100;
  const isWrong = state === 'exists' || state === 'failed';
  return (
    <li>
      <div className="files-upload-line">
        <span className="files-name">{name}</span>
        <Text span size="xs" c={isWrong ? 'error' : 'dimmed'}>
          {state === 'failed' && why ? why : WORDS[state] || `${Math.floor(percent)} %`}
        </Text>
        {state === 'exists' && (
          <Button size="compact-xs" variant="default" onClick={() => uploads.again(key, true)}>
            Replace
          </Button>
        )}
        {state === 'failed' && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => uploads.again(key, item.state === 'exists')}
          >
            Try again
          </Button>
        )}
        {state !== 'done' && (
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={`Cancel ${name}`}
            onClick={() => uploads.cancel(key)}
          >
            ×
          </ActionIcon>
        )}
      </div>
      {!isWrong && <Progress value={percent} size="xs" aria-label={`Progress of ${name}`} />}
    </li>
  );
}
