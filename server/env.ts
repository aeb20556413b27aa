import { z } from 'zod';
import { BadDatabaseUrl, readDatabaseUrl } from '@/db/database-url';
import { isLoopback } from './loopback';
import { PORTS_URL, sharesSite } from './ports-url';
import { signingSecrets } from './signing-secrets';

/**
 * The only reader of the environment. Processes parse it once at boot; a bad value stops the process and names its
 * variable.
 */

const seconds = (fallback: number, min = 1, max = 86_400) =>
  z.coerce.number().min(min).max(max).default(fallback);
const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''));
/** A service URL that may contain a password. Messages about a bad one never show it. */
const serviceUrl = (schemes: string[]) =>
  z
    .string()
    .refine(
      (text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)) && hasReadablePassword(text),
      `must be a ${schemes[0]}:// URL; special characters in its password are written as %XX`,
    );
function hasReadablePassword(text: string): boolean {
  try {
    decodeURIComponent(new URL(text).password);
    return true;
  } catch {
    return false;
  }
}
function checkDatabaseUrl(text: string, problems: z.RefinementCtx): void {
  try {
    readDatabaseUrl(text);
  } catch (error) {
    if (error instanceof BadDatabaseUrl) problems.addIssue({ code: 'custom', message: error.message });
  }
}
const optional = z
  .string()
  .optional()
  .transform((text) => (text === undefined || text.trim() === '' ? undefined : text.trim()));

const schema = z.object({
  DATABASE_URL: serviceUrl(['postgres', 'postgresql']).superRefine(checkDatabaseUrl),
  REDIS_URL: serviceUrl(['redis', 'rediss']),
  APP_URL: url.default('http://localhost:3000'),
  PORT: port(3000),
  GATEWAY_URL: url.default('http://localhost:3002'),
  GATEWAY_PORT: port(3002),
  PORTS_URL: z
    .string()
    .regex(PORTS_URL, 'must be a wildcard URL such as https://*.ports.example')
    .default('http://*.localhost:3002'),
  WORKER_PORT: port(3001),
  AUTH_SECRET: z
    .string()
    .refine(
      (text) => signingSecrets(text).every((secret) => Buffer.byteLength(secret) >= 32),
      'must have at least 32 bytes; during a change, the new and the old one separated by a comma',
    ),
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  AUTH_GITHUB_ID: optional,
  AUTH_GITHUB_SECRET: optional,
  SIGNUP_MODE: z.enum(['open', 'approval']).default('open'),
  SIGNUP_RATE_PER_DAY: z.coerce.number().int().min(1).max(10_000_000).default(1_000),
  ADMIN_SECOND_FACTOR: z.enum(['required', 'optional']).default('required'),
  CONFIRMED_EMAIL: z.enum(['required', 'optional']).default('required'),
  FLY_API_URL: url.default('https://api.machines.dev'),
  FLY_API_TOKEN: z.string().default(''),
  FLY_ORG: z.string().default(''),
  FLY_REGIONS: z
    .string()
    .default('iad')
    .transform((text) => text.split(',').map((region) => region.trim()))
    .refine(
      (regions) => regions.every((region) => /^[a-z]{3}$/.test(region)),
      'must be region codes such as iad,ams',
    ),
  SESSION_IMAGE: z.string().default(''),
  ENVIRONMENT_ID: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,15}$/, 'must be 1 to 16 lower-case letters, digits or dashes')
    .default('dev'),
  STRIPE_SECRET_KEY: optional,
  STRIPE_WEBHOOK_SECRET: optional,
  STRIPE_API_URL: url.default('https://api.stripe.com'),
  STRIPE_PAYMENT_METHODS: z
    .string()
    .default('card,link')
    .transform((text) => text.split(',').map((method) => method.trim()))
    .refine(
      (methods) => methods.every((method) => /^[a-z_]{2,40}$/.test(method)),
      'must be names of payment methods at Stripe, such as card,link,sepa_debit',
    ),
  STRIPE_TAX: z.enum(['off', 'on']).default('off'),
  ALLOW_TEST_PAYMENTS: optional,
  SUPPORT_EMAIL: optional.pipe(z.email().optional()),
  TERMS_URL: optional.pipe(z.url({ protocol: /^https?$/ }).optional()),
  PRIVACY_URL: optional.pipe(z.url({ protocol: /^https?$/ }).optional()),
  SMTP_URL: optional.pipe(serviceUrl(['smtp', 'smtps']).optional()),
  MAIL_FROM: optional,
  LEASE_MAX_SECONDS: seconds(900),
  LEASE_MIN_SECONDS: seconds(10),
  LEASE_GUARD_SECONDS: seconds(2, 0.1, 60),
  STOP_GRACE_SECONDS: seconds(10, 0.1, 300),
  MIN_START_SECONDS: seconds(60),
  BOOT_TIMEOUT_SECONDS: seconds(180),
  SWEEP_INTERVAL_MS: z.coerce.number().int().min(50).max(60_000).default(1000),
  RECONCILE_INTERVAL_SECONDS: seconds(30),
  START_RATE_PER_MINUTE: z.coerce.number().int().min(1).max(100_000).default(10),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

export type Env = z.infer<typeof schema>;

/** Each setting with its bounds and its default. */
export const settingsShape = schema.shape;

/** Variables with secret values; of a URL only its password is secret. */
export const SECRET_NAMES = [
  'DATABASE_URL',
  'REDIS_URL',
  'AUTH_SECRET',
  'AUTH_GITHUB_SECRET',
  'FLY_API_TOKEN',
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRET',
  'SMTP_URL',
] as const satisfies (keyof Env)[];

/** Shorter values would match inside ordinary words. */
const MIN_SECRET_LENGTH = 8;

/** Returns the secrets of an environment as they could appear in a text. */
export function secretsOf(env: Env): string[] {
  return SECRET_NAMES.flatMap((name) => {
    const value = env[name] ?? '';
    if (!/^\w+:\/\//.test(value)) return value.split(',').map((part) => part.trim());
    const { password } = new URL(value);
    return [password, decodeURIComponent(password)];
  }).filter((text) => text.length >= MIN_SECRET_LENGTH);
}

/** One line per bad variable, each with its name and never its value. */
class BadEnvironment extends Error {
  constructor(problems: string[]) {
    super(`The environment is not usable:\n${problems.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'BadEnvironment';
  }
}

/** Returns the parsed environment. Throws BadEnvironment with all problems at once. */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const parsed = schema.safeParse(source);
  if (!parsed.success) {
    throw new BadEnvironment(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  }
  const problems = [...crossChecks(parsed.data), ...sharedProvider(parsed.data, source)];
  if (problems.length > 0) throw new BadEnvironment(problems);
  return parsed.data;
}

/** Whether a key belongs to the payment provider's test mode; every other key is treated as one that moves money. */
export const isTestKey = (key: string): boolean => /^(sk|rk)_test_/.test(key);

/** Two installations of the same name at one provider would take each other's machines for their own. */
function sharedProvider(env: Env, source: Record<string, string | undefined>): string[] {
  if (isLoopback(env.FLY_API_URL) || (source.ENVIRONMENT_ID ?? '') !== '') return [];
  return [
    'ENVIRONMENT_ID: must be set, to a name that no other installation uses at this provider (FLY_API_URL)',
  ];
}

function crossChecks(env: Env): string[] {
  const problems: string[] = [];
  if (env.LEASE_MIN_SECONDS > env.LEASE_MAX_SECONDS) {
    problems.push('LEASE_MIN_SECONDS: must not be greater than LEASE_MAX_SECONDS');
  }
  // A machine calls at the latest three guards before the end; with a shorter slice it would call without a pause.
  if (env.LEASE_MIN_SECONDS < 4 * env.LEASE_GUARD_SECONDS) {
    problems.push('LEASE_MIN_SECONDS: must be at least four times LEASE_GUARD_SECONDS');
  }
  if (Boolean(env.AUTH_GITHUB_ID) !== Boolean(env.AUTH_GITHUB_SECRET)) {
    problems.push('AUTH_GITHUB_ID: set it together with AUTH_GITHUB_SECRET, or neither');
  }
  if (sharesSite(env.PORTS_URL, env.APP_URL)) {
    problems.push(
      'PORTS_URL: must be below another domain than APP_URL, so that what people run cannot reach the cookies of the app',
    );
  }
  const key = env.STRIPE_SECRET_KEY;
  if (key && !isTestKey(key) && env.STRIPE_API_URL !== 'https://api.stripe.com') {
    problems.push('STRIPE_API_URL: a live key may be used with Stripe itself only');
  }
  if (key && isTestKey(key) && !isLoopback(env.APP_URL) && !env.ALLOW_TEST_PAYMENTS) {
    problems.push(
      'STRIPE_SECRET_KEY: with a test key nobody pays, and APP_URL is a public address; set ALLOW_TEST_PAYMENTS=1 if that is meant',
    );
  }
  return problems;
}

/** Returns the parsed environment of this process. Throws BadEnvironment. */
export const readEnv = (): Env => parseEnv(process.env);
