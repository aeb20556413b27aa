import { expect, it, onTestFinished } from 'vitest';
import { AgentProcess, type Line } from '@/test/agent-process';

async function start(more: Record<string, string>, lease: object): Promise<AgentProcess> {
  const agent = await AgentProcess.start(more, lease);
  onTestFinished(() => agent.stop());
  return agent;
}

const of = (line: Line, type: string) => line.messages.filter((message) => message.type === type);
const notices = (line: Line) => expect.poll(() => of(line, 'notice'), { timeout: 10_000 });
const watch = (agent: AgentProcess) => agent.connect({ query: '&v=2&page=page-0001' });

it('MACHINE-115 a stop for want of quota is said at once, to whoever comes, with the time that is left, and taken back', async () => {
  const agent = await start({}, { action: 'run', leaseMs: 180_000, final: true });
  const first = await watch(agent);
  const said = {
    level: 'warning',
    cause: 'quota',
    why: 'The compute quota is nearly used up.',
    text: 'This session stops in 3 minutes: the compute quota is nearly used up.',
  };
  await notices(first).toEqual([{ type: 'notice', ...said, stopsInMs: expect.any(Number) }]);
  const second = await watch(agent);
  await notices(second).toEqual([{ type: 'notice', ...said, stopsInMs: expect.any(Number) }]);
  const left = (line: Line) => Number(of(line, 'notice')[0]?.stopsInMs);
  expect(left(second)).toBeLessThanOrEqual(left(first));
  expect(left(second)).toBeGreaterThan(150_000);
  agent.lease = { action: 'run', leaseMs: 600_000, final: false };
  await expect.poll(() => of(first, 'calm'), { timeout: 10_000 }).toEqual([{ type: 'calm', cause: 'quota' }]);
  await notices(first).toContainEqual(expect.objectContaining({ level: 'info' }));
  const third = await watch(agent);
  await expect.poll(() => of(third, 'tabs')).toHaveLength(1);
  expect(of(third, 'notice')).toEqual([]);
}, 60_000);

it('MACHINE-115 a key takes back the word of an idle stop in every window', async () => {
  const agent = await start(
    { HOURGLASS_IDLE_MS: '61500' },
    { action: 'run', leaseMs: 600_000, final: false, idleMs: 61_500 },
  );
  const [first, second] = [await watch(agent), await watch(agent)];
  for (const line of [first, second])
    await notices(line).toContainEqual(
      expect.objectContaining({
        cause: 'idle',
        why: expect.stringMatching(/^Nobody has typed.*press a key or choose Keep running\.$/i),
        stopsInMs: expect.any(Number),
      }),
    );
  first.type('x');
  for (const line of [first, second])
    await expect.poll(() => of(line, 'calm')).toEqual([{ type: 'calm', cause: 'idle' }]);
}, 60_000);
