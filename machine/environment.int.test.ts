import { expect, it, onTestFinished } from 'vitest';
import { AgentProcess } from '@/test/agent-process';

const exec = async (agent: AgentProcess, command: string): Promise<string> => {
  const answer = await agent.ask('exec', '', { method: 'POST', body: JSON.stringify({ command }) });
  const lines = (await answer.text()).trim().split('\n');
  return lines.map((line) => Buffer.from(JSON.parse(line).data ?? '', 'base64').toString()).join('');
};

it('SESSION-153 the variables of a session are in its shells and commands, and not in its agent', async () => {
  const env = { MY_TOKEN: `quiet 'value'\nof "two" lines $HOME`, TZ: 'Asia/Tokyo' };
  const agent = await AgentProcess.start({ HOURGLASS_ASKS_ENVIRONMENT: '1' }, undefined, env);
  onTestFinished(() => agent.stop());
  expect(await exec(agent, 'printf %s "$MY_TOKEN|$TZ"')).toBe(`${env.MY_TOKEN}|Asia/Tokyo`);
  const line = await agent.connect();
  line.type('echo "<$TZ>"\n');
  await expect.poll(line.text).toContain('<Asia/Tokyo>');
});

it('SESSION-153 a session whose variables cannot be asked for opens without them', {
  timeout: 30_000,
}, async () => {
  const agent = await AgentProcess.start({ HOURGLASS_ASKS_ENVIRONMENT: '1' });
  onTestFinished(() => agent.stop());
  expect(await exec(agent, 'printf %s "still here: <$MY_TOKEN>"')).toBe('still here: <>');
});
