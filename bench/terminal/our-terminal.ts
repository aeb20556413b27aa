import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { createClient } from '@/client';
import { migrateDatabase } from '@/db/migrate';
import { openOperatorContext } from '@/operator/context';
import { startPostgres } from '@/scripts/services/postgres';
import { waitFor } from '@/scripts/services/processes';
import { startRedis } from '@/scripts/services/redis';
import { startStack } from '@/scripts/stack';
import { createAccount } from '@/server/account/create-account';

const AUTH_SECRET = 'bench-secret-bench-secret-bench-secret';

/** Starts the whole product with one running session, whose terminal a browser can open. */
export async function startOurs() {
  const dir = mkdtempSync(join(tmpdir(), 'hourglass-bench-'));
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  await migrateDatabase(postgres.url);
  const stack = await startStack({
    dir,
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    authSecret: AUTH_SECRET,
  });
  const operator = openOperatorContext({ AUTH_SECRET, DATABASE_URL: postgres.url });
  const who = { email: 'bench@hourglass.test', password: 'a-good-password', name: 'Bench' };
  const { apiKey } = await createAccount(operator.ctx, { ...who, planId: 'pro' });
  const api = createClient({ url: stack.appUrl, apiKey });
  const { id } = await api.session.create.mutate({ name: 'bench' });
  await api.session.start.mutate({ sessionId: id });
  const isRunning = async () => (await api.session.get.query({ sessionId: id })).status === 'running';
  if (!(await waitFor(isRunning, 30_000))) throw new Error('the session did not start');
  return {
    agentPid: agentOf(id),
    async open(page: Page): Promise<void> {
      await page.goto(`${stack.appUrl}/sign-in?next=/sessions/${id}`);
      await page.getByLabel('Email').fill(who.email);
      await page.getByRole('textbox', { name: 'Password' }).fill(who.password);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.locator('.terminal-screen[data-state=open]').waitFor();
    },
    async close(): Promise<void> {
      await stack.stop();
      await operator.close();
      await Promise.all([postgres.stop(), redis.stop()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Returns the process id of a session's agent: the Node process whose environment has the token. */
function agentOf(sessionId: string): number {
  const pid = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((name) => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, 'latin1');
        return (
          environment.includes(`HOURGLASS_SESSION_ID=${sessionId}`) &&
          environment.includes('HOURGLASS_RUN_TOKEN=') &&
          readlinkSync(`/proc/${name}/exe`) === process.execPath
        );
      } catch {
        return false;
      }
    });
  if (pid === undefined) throw new Error('the agent of the session was not found');
  return Number(pid);
}
