import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentProcess } from '@/test/agent-process';
import { expectedHash, measureDownload, measureUpload } from '@/test/files/memory';

let agent: AgentProcess;
beforeAll(async () => {
  agent = await AgentProcess.start();
}, 60_000);
afterAll(() => agent.stop());

const SIZE = 200_000_000;
/** The memory the agent may use for a file of any size, in MiB. */
const MOST_MB = 96;

it('MACHINE-142 200 MB go in and out through a bounded memory of the agent', {
  timeout: 120_000,
}, async () => {
  const sent = await measureUpload(agent, 'large.bin', SIZE);
  expect(sent.hash).toBe('done');
  const got = await measureDownload(agent, 'read', 'large.bin');
  expect(got.hash).toBe(expectedHash(SIZE));
  // Zeros, because gzip of other bytes takes longer than all the rest.
  writeFileSync(join(agent.folder, 'zeros'), '');
  truncateSync(join(agent.folder, 'zeros'), SIZE);
  const packed = await measureDownload(agent, 'archive', 'zeros');
  for (const [what, { seconds, restMb, mostMb }] of Object.entries({
    upload: sent,
    download: got,
    archive: packed,
  })) {
    const grownMb = mostMb - restMb;
    process.stdout.write(
      `${what} of 200 MB: ${seconds.toFixed(1)} s, agent ${restMb.toFixed(0)} MiB at rest, ${mostMb.toFixed(0)} MiB at most\n`,
    );
    expect(grownMb, what).toBeLessThan(MOST_MB);
  }
});
