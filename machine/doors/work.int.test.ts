import { expect, it, onTestFinished } from 'vitest';
import { AgentProcess } from '@/test/agent-process';

async function start(): Promise<AgentProcess> {
  const agent = await AgentProcess.start({ HOURGLASS_IDLE_MS: '30000' });
  onTestFinished(() => agent.stop());
  return agent;
}
const worked = (agent: AgentProcess) => agent.told.some(({ lastWorkAt }) => lastWorkAt !== undefined);
const post = (agent: AgentProcess, verb: string, fields: object) =>
  agent.ask('files', `/${verb}`, { method: 'POST', body: JSON.stringify(fields) });

const exec = (agent: AgentProcess, command: string) =>
  agent.ask('exec', '', { method: 'POST', body: JSON.stringify({ command, timeoutSeconds: 8 }) });

it('MACHINE-143 a change to a file is work, looking at folders is not', async () => {
  const agent = await start();
  for (let i = 0; i < 20; i++) await post(agent, 'list', { path: '' });
  await (await exec(agent, 'sleep 3')).text();
  expect(worked(agent)).toBe(false);
  await post(agent, 'make', { path: 'new' });
  await expect.poll(() => worked(agent), { timeout: 10_000 }).toBe(true);
});

it('MACHINE-143 SESSION-143 a command that computes in silence works, one that waits does not', {
  timeout: 60_000,
}, async () => {
  const agent = await start();
  await (await exec(agent, 'sleep 8')).text();
  expect(worked(agent)).toBe(false);
  await (await exec(agent, 'while :; do :; done')).text();
  await expect.poll(() => worked(agent), { timeout: 10_000 }).toBe(true);
});
