import { openContext } from '@/server/compose';
import { readEnv } from '@/server/env';
import { DomainError } from '@/server/errors';
import { newId } from '@/server/ids';
import { answerAgent } from '@/server/run/answer-agent';
import { createSession } from '@/server/session/create';
import { startSession } from '@/server/session/start';
import { stopSession } from '@/server/session/stop';

/**
 * Acts as users and machines do until it is stopped; copied into an older build and run with its code. Writes one line
 * per action, `refused …` for a refusal, `broke …` for any other error.
 */

const { ctx, close } = openContext(readEnv(), 'web');
let ending = false;
process.on('SIGTERM', () => {
  ending = true;
});

const say = (line: string) => process.stdout.write(`${line}\n`);

async function noted<T>(what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    const result = await work();
    say(what);
    return result;
  } catch (error) {
    say(error instanceof DomainError ? `refused ${what} ${error.reason}` : `broke ${what} ${String(error)}`);
    return null;
  }
}

async function live(accountId: string, sessionId: string): Promise<void> {
  const started = await noted('start', () => startSession(ctx, { accountId, sessionId }));
  if (!started) return;
  const [run] = await ctx.sql<{ id: string }[]>`
    select last_run_id as id from session where id = ${sessionId} and last_run_id is not null`;
  for (let seq = 0; seq < 4 && run; seq++) {
    const event = seq === 0 ? ('running' as const) : ('renew' as const);
    await noted(event, () => answerAgent(ctx, run.id, { bootId: 'b', seq, event }));
  }
  await noted('stop', () => stopSession(ctx, { accountId, sessionId }));
}

async function lane(): Promise<void> {
  while (!ending) {
    const accountId = newId();
    await noted('sign up', async () => {
      await ctx.sql`insert into account (id, name, status, own_plan_id) values (${accountId}, 'Upgrade', 'active', 'pro')`;
    });
    const session = await noted('create', () => createSession(ctx, { accountId, name: 'old' }));
    if (session) await live(accountId, session.id);
  }
}

await Promise.all([lane(), lane()]);
await close();
process.exit(0);
