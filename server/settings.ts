import { type Env, SECRET_NAMES, settingsShape } from './env';

/** The meaning of each setting, for the page operators read. A setting without one does not compile. */
const MEANINGS: Record<keyof Env, string> = {
  DATABASE_URL: 'PostgreSQL 15 or newer',
  REDIS_URL: 'Redis 6.2 or newer, or Valkey; may be emptied at any time',
  APP_URL: 'public URL of web; machines renew their leases there too',
  PORT: 'port of web',
  GATEWAY_URL: 'public URL of the gateway',
  GATEWAY_PORT: 'port of the gateway',
  PORTS_URL:
    'wildcard address of the gateway under which ports of sessions are shown; below another domain than APP_URL',
  WORKER_PORT: 'port of health and metrics of the worker',
  AUTH_SECRET: 'at least 32 random bytes; signs sign-ins, tokens and links; `new,old` during the rotation',
  TRUSTED_PROXIES: 'number of your proxies in front of web and gateway',
  AUTH_GITHUB_ID: 'sign-in with GitHub appears when this and its secret are set',
  AUTH_GITHUB_SECRET: 'see AUTH_GITHUB_ID',
  SIGNUP_MODE: '`approval`: new accounts wait until an administrator activates them',
  SIGNUP_RATE_PER_DAY: 'sign-ups per day of the whole installation; the next ones are refused, with an alarm',
  ADMIN_SECOND_FACTOR: '`optional`: administrators need no second factor in a browser',
  CONFIRMED_EMAIL: '`optional`: signing up signs in at once, and starts need no confirmed email',
  SUPPORT_EMAIL: 'receives "Contact us" and replies to emails; absent: neither is offered',
  TERMS_URL: 'terms of service: a link in the footer of every page and on the payment page',
  PRIVACY_URL: 'privacy policy: likewise',
  FLY_API_URL: 'the Machines API',
  FLY_API_TOKEN: 'token of the Fly organisation',
  FLY_ORG: 'slug of the Fly organisation',
  FLY_REGIONS: 'regions on offer, comma-separated; the first is the default',
  SESSION_IMAGE: 'image of `machine/Dockerfile`',
  ENVIRONMENT_ID: 'name of this installation; must be set unless FLY_API_URL is on this computer',
  STRIPE_SECRET_KEY: 'without it nothing is for sale',
  STRIPE_PAYMENT_METHODS:
    'what the payment page offers; with bank debits a plan begins when the money has arrived, days later',
  STRIPE_TAX:
    '`on`: Stripe Tax computes the tax of every new sale; run `stripe sync-catalogue` after switching it on',
  ALLOW_TEST_PAYMENTS: 'set to run with a test key at a public address; every page about money then says so',
  STRIPE_WEBHOOK_SECRET: 'secret of the webhook endpoint; `new,old` while rotating',
  STRIPE_API_URL: 'Stripe; another address only with a test key',
  SMTP_URL: 'mail server; without it emails go to the log',
  MAIL_FROM: 'sender of emails',
  LEASE_MAX_SECONDS: 'longest slice of time a run reserves, and so the outage it survives',
  LEASE_MIN_SECONDS: 'shortest slice',
  LEASE_GUARD_SECONDS: 'a machine ends itself this long before its lease',
  STOP_GRACE_SECONDS: 'between asking a machine to stop and killing it',
  MIN_START_SECONDS: 'a start with less time left is refused',
  BOOT_TIMEOUT_SECONDS: 'a run not proven to run within this time fails, uncharged',
  SWEEP_INTERVAL_MS: 'how often the worker looks for due runs',
  RECONCILE_INTERVAL_SECONDS: 'how often the worker compares its records with the provider',
  START_RATE_PER_MINUTE: 'starts per account',
  LOG_LEVEL: 'JSON logs on standard output',
};

type Row = [name: string, fallback: string, meaning: string];

/** Returns the text of `docs/settings.md`: every setting with its default and meaning. */
export function settingsPage(): string {
  const rows = (Object.keys(settingsShape) as (keyof Env)[]).map(rowOf);
  const table: Row[] = [['variable', 'default', 'meaning'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head, ...body] = table.map(line);
  return `# Settings

Read from the environment when a process starts. A bad value stops it and names itself. \`secret\` marks what must never be
shown; those values are cut out of logs and errors. This page is made from \`server/env.ts\` and \`server/settings.ts\`.

${[head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n')}
`;
}

function rowOf(name: keyof Env): Row {
  const isSecret = (SECRET_NAMES as readonly string[]).includes(name);
  const meaning = isSecret ? `${MEANINGS[name]} (secret)` : MEANINGS[name];
  return [`\`${name}\``, defaultOf(name), meaning];
}

function defaultOf(name: keyof Env): string {
  const parsed = settingsShape[name].safeParse(undefined);
  if (!parsed.success) return 'required';
  const value = String(parsed.data ?? '');
  return value === '' ? 'unset' : `\`${value}\``;
}
