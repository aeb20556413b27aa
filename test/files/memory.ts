import { createHash, randomBytes } from 'node:crypto';
import type { AgentProcess } from '../agent-process';
import { upload } from './upload';

const BLOCK = randomBytes(1024 * 1024);

/** Yields the bytes of a file that never exists as a whole. */
const read = (start: number, end: number): Buffer => {
  const from = start % BLOCK.length;
  const length = end - start;
  if (from + length <= BLOCK.length) return BLOCK.subarray(from, from + length);
  return Buffer.concat([BLOCK.subarray(from), BLOCK.subarray(0, length - (BLOCK.length - from))]);
};

export type Figures = {
  seconds: number;
  /** Resident memory of the agent, in MiB: before, and the maximum during the work. */
  restMb: number;
  mostMb: number;
  hash: string;
};

/** Runs `work` and measures the memory of the agent meanwhile. */
async function watched(agent: AgentProcess, work: () => Promise<string>): Promise<Figures> {
  const restMb = agent.memory();
  let mostMb = restMb;
  const look = setInterval(() => {
    mostMb = Math.max(mostMb, agent.memory());
  }, 20);
  const from = performance.now();
  const hash = await work().finally(() => clearInterval(look));
  return { seconds: (performance.now() - from) / 1000, restMb, mostMb, hash };
}

/** Returns the hash of a file of this size as it is sent. */
export function expectedHash(sizeBytes: number): string {
  const hash = createHash('sha256');
  for (let at = 0; at < sizeBytes; at += BLOCK.length)
    hash.update(BLOCK.subarray(0, Math.min(BLOCK.length, sizeBytes - at)));
  return hash.digest('hex');
}

export const measureUpload = (agent: AgentProcess, path: string, sizeBytes: number): Promise<Figures> =>
  watched(agent, async () => {
    const { type } = await upload({
      url: `ws://${agent.address('files')}/upload`,
      headers: { 'fly-replay-src': agent.replayed('files') },
      begin: { path, sizeBytes, id: randomBytes(16).toString('hex'), replace: true },
      read,
    });
    return type;
  });

/** Reads a file, or an archive of it, to its end. */
export const measureDownload = (agent: AgentProcess, verb: string, path: string): Promise<Figures> =>
  watched(agent, async () => {
    const hash = createHash('sha256');
    const response = await agent.ask('files', `/${verb}?path=${path}`);
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) hash.update(chunk);
    return hash.digest('hex');
  });
