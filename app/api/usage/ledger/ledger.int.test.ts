import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webAuth } from '@/app/_server/actor';
import { webContext } from '@/app/_server/context';
import { createAccount } from '@/server/account/create-account';
import { createApiKey } from '@/server/account/create-api-key';
import { inTx } from '@/server/context';
import { adjustUsage } from '@/server/quota/adjust-usage';
import { createWorld, TEST_ENV, type World } from '@/test/world';
import { GET } from './route';

/** The download route, called as browsers and programs call it. */

const REASON = 'two\nlines, "quoted" = ünïcode';
const ENTRIES = 4_100; // More than two pages.
let world: World;
let me: { accountId: string; userId: string; apiKey: string };
const given = { ...process.env };

beforeAll(async () => {
  world = await createWorld();
  Object.assign(process.env, TEST_ENV, { DATABASE_URL: world.url, REDIS_URL: 'redis://127.0.0.1:1' });
  me = await createAccount(world.ctx, { email: 'me@hourglass.test', password: 'a-good-password' });
  await inTx(world.ctx, (tx) => adjustUsage(tx, { accountId: me.accountId, ms: 1, reason: REASON }));
  await world.ctx.sql`
    insert into usage_entry (account_id, kind, period, day, ms)
    select ${me.accountId}, 'adjustment', '2026-11', '2026-11-24', n from generate_series(2, ${ENTRIES}::int) n`;
});
afterAll(async () => {
  await webContext().close();
  await world.close();
  process.env = given;
});

const ask = (format: string, headers: Record<string, string>) =>
  GET(new Request(`http://localhost:3000/api/usage/ledger?format=${format}`, { headers }));
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Runs the program of docs/ledger.md as a reader of the page would. */
const check = (jsonLines: string): string => {
  const program = /```js\n([\s\S]*?)```/.exec(readFileSync('docs/ledger.md', 'utf8'))?.[1] ?? '';
  return execFileSync(process.execPath, ['--input-type=commonjs', '-e', program], {
    input: jsonLines,
    encoding: 'utf8',
    stdio: 'pipe',
  });
};

describe('a downloaded ledger', () => {
  it('QUOTA-22 is available as JSON lines, which the documented program verifies, and whose changes it detects', async () => {
    const response = await ask('jsonl', bearer(me.apiKey));
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="hourglass-ledger-${me.accountId}.jsonl"`,
    );
    const text = await response.text();
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(ENTRIES);
    expect(check(text)).toContain(`${ENTRIES} entries, ${JSON.parse(lines.at(-1) ?? '').hash}`);
    expect(() => check(text.replace('"ms":4000,', '"ms":4001,'))).toThrow(/entry 4000 is not/);
    expect(() => check(lines.toSpliced(7, 1).join('\n'))).toThrow(/entry 8 is not/);
  });

  it('QUOTA-22 is available as CSV to the browser of a signed-in user', async () => {
    const signIn = await webAuth().api.signInEmail({
      body: { email: 'me@hourglass.test', password: 'a-good-password' },
      returnHeaders: true,
    });
    const cookie = (signIn.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    const response = await ask('csv', { cookie });
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const text = await response.text();
    expect(text).toContain(
      'accountId,seq,kind,period,day,runId,fromAt,toAt,ms,createdAt,reason,prevHash,hash\r\n',
    );
    expect(text).toContain('"two\nlines, ""quoted"" = ünïcode"');
    expect(text.split('\r\n')).toHaveLength(ENTRIES + 2);
  });

  it('QUOTA-22 is refused to all other callers, and sent only as fast as it is read', async () => {
    const { key } = await createApiKey(world.ctx, {
      accountId: me.accountId,
      userId: me.userId,
      isAdmin: false,
      name: 'other',
      scopes: ['session:write'],
    });
    const statusOf = async (format: string, headers: Record<string, string>) =>
      (await ask(format, headers)).status;
    expect(await statusOf('csv', {})).toBe(401);
    expect(await statusOf('csv', bearer('hg_nonsense'))).toBe(401);
    expect(await statusOf('csv', bearer(key))).toBe(403);
    expect(await statusOf('xml', bearer(me.apiKey))).toBe(400);
    const stranger = await createAccount(world.ctx, { email: 'you@hourglass.test' });
    expect(await (await ask('jsonl', bearer(stranger.apiKey))).text()).toBe('');
    const reader = (await ask('jsonl', bearer(me.apiKey))).body?.getReader();
    const first = await reader?.read();
    expect(
      new TextDecoder()
        .decode(first?.value as Uint8Array)
        .trimEnd()
        .split('\n'),
    ).toHaveLength(2_000);
    await reader?.cancel();
  });
});
