import { Writable } from 'node:stream';
import { DrizzleQueryError } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { openOperatorContext } from '../operator/context';
import { type Env, parseEnv, SECRET_NAMES, secretsOf } from './env';
import { makeLog } from './log';

const GOOD: Record<string, string> = {
  DATABASE_URL: 'postgres://hg:database-secret@db/hg',
  REDIS_URL: 'redis://:redis%2Dsecret@cache',
  AUTH_SECRET: 'auth-secret-auth-secret-auth-secret-1',
  AUTH_GITHUB_ID: 'id',
  AUTH_GITHUB_SECRET: 'github-secret',
  FLY_API_TOKEN: 'fly-secret"with\\quotes',
  STRIPE_SECRET_KEY: 'sk_test_secret',
  STRIPE_WEBHOOK_SECRET: 'whsec_one_secret, whsec_two_secret',
  SMTP_URL: 'smtp://me:smtp-secret@mail:25',
  ENVIRONMENT_ID: 'test',
};

describe('the environment', () => {
  it('ACCOUNT-17 knows which of its variables are secret', () => {
    const env = parseEnv(GOOD);
    const named = Object.keys(env).filter((name) =>
      /SECRET|TOKEN|PASSWORD|_KEY$|^(DATABASE|REDIS|SMTP)_URL$/.test(name),
    );
    expect([...SECRET_NAMES].sort()).toEqual(named.sort());
    expect(secretsOf(env)).toEqual(
      expect.arrayContaining(['database-secret', 'redis-secret', 'whsec_two_secret']),
    );
  });

  it('SESSION-92 a slice that is too short for the guard of its end is refused, by name', () => {
    const parse = (min: string, guard: string) => () =>
      parseEnv({ ...GOOD, LEASE_MIN_SECONDS: min, LEASE_GUARD_SECONDS: guard });
    expect(parse('7', '2')).toThrow(/LEASE_MIN_SECONDS: must be at least four times LEASE_GUARD_SECONDS/);
    expect(parse('8', '2')()).toMatchObject({ LEASE_MIN_SECONDS: 8, LEASE_GUARD_SECONDS: 2 });
  });

  it.each([
    ['DATABASE_URL', 'postgres://hg:pass/word-secret@db/hg'],
    ['DATABASE_URL', 'postgres://hg:pass%zzword-secret@db/hg'],
    ['REDIS_URL', 'http://:word-secret@cache'],
    ['SMTP_URL', 'me:word-secret@mail'],
    ['AUTH_SECRET', 'word-secret'],
    ['STRIPE_API_URL', 'word-secret'],
    ['ENVIRONMENT_ID', 'Word-secret'],
  ])('ACCOUNT-17 a bad %s is named and never shown', (name, value) => {
    let message = '';
    try {
      parseEnv({ ...GOOD, [name]: value });
    } catch (error) {
      message = `${error}`;
    }
    expect(message).toMatch(new RegExp(`${name}: (must|Invalid)`));
    expect(message).not.toMatch(/word-secret/i);
  });
});

describe('a test key', () => {
  it('BILLING-89 at a public address starts only where that is meant', () => {
    const open = { ...GOOD, APP_URL: 'https://hourglass.example' };
    expect(() => parseEnv(open)).toThrow(/STRIPE_SECRET_KEY: with a test key nobody pays/);
    expect(parseEnv({ ...open, ALLOW_TEST_PAYMENTS: '1' }).ALLOW_TEST_PAYMENTS).toBe('1');
    expect(parseEnv({ ...GOOD, APP_URL: 'http://localhost:3000' }).STRIPE_PAYMENT_METHODS).toEqual([
      'card',
      'link',
    ]);
    const live = { ...open, STRIPE_SECRET_KEY: 'sk_live_secret', STRIPE_API_URL: 'https://api.stripe.com' };
    expect(parseEnv(live).STRIPE_SECRET_KEY).toBe('sk_live_secret');
  });
});

describe('the name of an installation', () => {
  const parse = (more: Record<string, string>) => () =>
    parseEnv({ ...GOOD, ENVIRONMENT_ID: undefined as never, ...more });

  it('MACHINE-42 is required at a provider that others use too', () => {
    expect(parse({})).toThrow(/ENVIRONMENT_ID: must be set/);
    expect(parse({ FLY_API_URL: 'http://127.0.0.1.example.com' })).toThrow(/ENVIRONMENT_ID/);
    expect(parse({ FLY_API_URL: 'http://localhost.example.com' })).toThrow(/ENVIRONMENT_ID/);
    expect(parse({ ENVIRONMENT_ID: 'production' })().ENVIRONMENT_ID).toBe('production');
  });

  it.each(['http://localhost:4280', 'http://127.0.0.1:4280', 'http://[::1]:4280', 'http://fly.localhost'])(
    'MACHINE-42 is dev at %s, which no other installation uses',
    (url) => {
      expect(parse({ FLY_API_URL: url })().ENVIRONMENT_ID).toBe('dev');
    },
  );
});

describe('the operator command without the name of an installation', () => {
  it('MACHINE-42 runs commands that name no machine, and refuses the rest', async () => {
    const { ctx, close } = openOperatorContext({ DATABASE_URL: GOOD.DATABASE_URL });
    expect(ctx.env.LEASE_MAX_SECONDS).toBe(900);
    expect(() => ctx.env.ENVIRONMENT_ID).toThrow(/Set ENVIRONMENT_ID to the value of the worker/);
    const local = openOperatorContext({ DATABASE_URL: GOOD.DATABASE_URL, FLY_API_URL: 'http://127.0.0.1:1' });
    expect(local.ctx.env.ENVIRONMENT_ID).toBe('dev');
    await Promise.all([close(), local.close()]);
  });
});

describe('the log', () => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const env: Env = parseEnv(GOOD);
  const log = makeLog('test', 'info', secretsOf(env), sink);
  const key = `hg_abcdefgh_${'k'.repeat(32)}`;

  it('ACCOUNT-17 contains no secret, wherever it comes from', () => {
    const carrying = Object.assign(new Error(`WRONGPASS ${GOOD.FLY_API_TOKEN}`), {
      command: { name: 'auth', args: ['redis-secret'] },
      input: GOOD.DATABASE_URL,
      cause: Object.assign(new Error('smtp-secret'), { options: { pass: 'smtp-secret' } }),
    });
    log.error({ err: carrying }, `tried postgres://hg:other@db/hg with ${key}`);
    log.error({ err: new DrizzleQueryError('insert into t values ($1)', ['secret of a sign-in']) }, 'failed');
    log.info(
      { deep: { er: { url: 'redis://:redis-secret@cache', key } }, headers: { cookie: 'a=b' } },
      GOOD.STRIPE_SECRET_KEY,
    );
    log.info({
      token: 'x',
      more: `hgr_${'a'.repeat(36)}_${'m'.repeat(43)} hgc_body.${'m'.repeat(43)} sk_live_1a2b`,
    });
    const text = lines.join('');
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
    expect(text).not.toMatch(/secret|:other@|kkkk|mmmm|sk_live_1a2b|a=b|args/);
    expect(text).toContain('WRONGPASS');
    expect(text).toContain('insert into t');
    expect(text).toContain('env.test.ts');
  });
});
