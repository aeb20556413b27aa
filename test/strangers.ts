import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@/client';
import { openOperatorContext } from '@/operator/context';
import { buildAll } from '@/scripts/build-all';
import { waitFor } from '@/scripts/services/processes';
import { freePorts, type Stack, startStack } from '@/scripts/stack';
import { createAccount } from '@/server/account/create-account';
import { createTestDatabase, type TestDatabase } from './db';
import { createTestRedis, type TestRedis } from './redis';

/** The real processes with recognisable secrets, and helpers that call them as an unauthenticated client would. */

export const MARK = `mark${process.pid}secret`;
const AUTH_SECRET = `${MARK}-auth-${'x'.repeat(32)}`;
export const PASSWORD = 'a-good-password';
export const dir = mkdtempSync(join(tmpdir(), 'hourglass-security-'));
let database: TestDatabase;
let redis: TestRedis;
export let stack: Stack;
export let operator: ReturnType<typeof openOperatorContext>;
/** A user who signed in before the tests begin. */
export let resident: Awaited<ReturnType<typeof newPerson>> & { cookie: string };
/** Every response that any test of this file received. */
export const answers: string[] = [];

/**
 * Returns the same server's URL with a recognisable password where it has none; the server asks for none either way.
 */
function marked(address: string, user: string): string {
  const url = new URL(address);
  if (url.password === '')
    Object.assign(url, { username: url.username || user, password: `${MARK}-${user}` });
  return url.href;
}

export async function openStrangers(): Promise<void> {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis(), buildAll({})]);
  const ports = await freePorts();
  operator = openOperatorContext({ AUTH_SECRET, DATABASE_URL: database.url });
  stack = await startStack({
    dir,
    databaseUrl: marked(database.url, 'postgres'),
    redisUrl: marked(redis.url, 'default'),
    authSecret: AUTH_SECRET,
    ports,
    env: {
      AUTH_GITHUB_ID: 'github-id',
      AUTH_GITHUB_SECRET: `${MARK}-github`,
      FLY_API_TOKEN: `${MARK}-fly`,
      STRIPE_SECRET_KEY: `sk_test_${MARK}`,
      STRIPE_WEBHOOK_SECRET: `whsec_${MARK}`,
      SMTP_URL: `smtp://me:${MARK}-smtp@127.0.0.1:${ports.smtp}`,
      START_RATE_PER_MINUTE: '3',
      LOG_LEVEL: 'debug',
    },
    cloudEnv: { CLOUD_STRIPE_WEBHOOK_SECRET: `whsec_${MARK}` },
  });
  const person = await newPerson();
  resident = { ...person, cookie: await signIn(person.email) };
}

export async function closeStrangers(): Promise<void> {
  await stack?.stop();
  await operator?.close();
  await Promise.all([database?.drop(), redis?.drop()]);
  rmSync(dir, { recursive: true, force: true });
}

export type Init = { method?: string; body?: string; headers?: Record<string, string> };
export type Answer = {
  status: number;
  headers: Headers;
  text: string;
  json: () => { error?: { data?: { reason?: string } } };
};

export async function ask(path: string, init: Init = {}): Promise<Answer> {
  const url = path.startsWith('http') ? path : `${stack.appUrl}${path}`;
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  answers.push(text, JSON.stringify([...response.headers].filter(([name]) => name !== 'set-cookie')));
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

export const json = (body: unknown, headers: Record<string, string> = {}): Init => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', origin: stack.appUrl, ...headers },
});

let people = 0;
export async function newPerson() {
  const email = `stranger-${process.pid}-${++people}@hourglass.test`;
  const made = await createAccount(operator.ctx, { email, password: PASSWORD, planId: 'pro' });
  return { ...made, email, api: createClient({ url: stack.appUrl, apiKey: made.apiKey }) };
}

export const cookieOf = ({ headers }: Answer): string =>
  (headers.getSetCookie().find((line) => line.startsWith('hourglass.session_token=')) ?? '').split(';')[0] ??
  '';

export async function signIn(
  email: string,
  password = PASSWORD,
  headers: Record<string, string> = {},
): Promise<string> {
  return cookieOf(await ask('/api/auth/sign-in/email', json({ email, password }, headers)));
}

/** Returns the emails to an address, once there are `count` of them. */
export async function emailsTo(email: string, count: number): Promise<{ text: string }[]> {
  let messages: { text: string }[] = [];
  const come = async () => {
    messages = await (await fetch(`${stack.controlUrl}/control/mail?to=${email}`)).json();
    return messages.length >= count;
  };
  if (!(await waitFor(come, 10_000))) throw new Error(`${messages.length} messages came to ${email}`);
  return messages;
}

export const sessionsOf = (accountId: string) =>
  operator.ctx.sql`select 1 from session where account_id = ${accountId}`;
export const isSignedIn = async (cookie: string) =>
  (await ask('/api/trpc/session.list', { headers: { cookie } })).status === 200;

/** Yields the files below a folder. */
export function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** Returns the environments of all processes of this computer that belong to a run. */
export function environmentsOf(runId: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const text = readFileSync(`/proc/${pid}/environ`, 'utf8');
      if (text.includes(`HOURGLASS_RUN_ID=${runId}`)) found.push(text);
    } catch {
      // The process has ended meanwhile.
    }
  }
  return found;
}
