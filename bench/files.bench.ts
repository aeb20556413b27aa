import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AgentProcess } from '@/test/agent-process';
import { expectedHash, type Figures, measureDownload, measureUpload } from '@/test/files/memory';
import { sizeOf } from './sizes';
import { figure, printTable } from './table';

/** Upload and download of a large file through the agent, beside a plain copy on the same disk. */

const SIZE = sizeOf('BENCH_BYTES', 2_000_000_000, 20_000_000);

const agent = await AgentProcess.start();
const rowOf = (what: string, { seconds, restMb, mostMb }: Figures) => ({
  what,
  'MB/s': figure(SIZE / 1e6 / seconds, 0),
  seconds: figure(seconds),
  'agent at rest, MiB': figure(restMb, 0),
  'agent at most, MiB': figure(mostMb, 0),
});
try {
  const sent = await measureUpload(agent, 'large.bin', SIZE);
  const got = await measureDownload(agent, 'read', 'large.bin');
  if (sent.hash !== 'done' || got.hash !== expectedHash(SIZE)) throw new Error('The file arrived changed.');
  const packed = await measureDownload(agent, 'archive', 'large.bin');
  const from = performance.now();
  const [file, copy] = ['large.bin', 'copy.bin'].map((name) => join(agent.folder, name)) as [string, string];
  await pipeline(createReadStream(file), createWriteStream(copy));
  const seconds = (performance.now() - from) / 1000;
  rmSync(copy);
  const memory = agent.memory();
  printTable(`a file of ${figure(SIZE / 1e6, 0)} MB`, [
    rowOf('upload', sent),
    rowOf('download', got),
    rowOf('archive', packed),
    rowOf('comparison: copy on the disk', { seconds, restMb: memory, mostMb: memory, hash: '' }),
  ]);
} finally {
  agent.stop();
}
