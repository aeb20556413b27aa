import { join } from 'node:path';
import { openOperatorContext } from '@/operator/context';
import { syncCatalogue } from '@/server/billing/catalogue/sync-catalogue';
import { findFreePort, isPortFree, SetupError } from './services/processes';
import { type Command, Part, type PartKind, type PartName, type PartOptions } from './stack-part';

/** The whole product on this computer: local cloud, web, worker and gateway, each as its own process. */

export { ROOT } from './stack-part';

export type StackPorts = {
  web: number;
  worker: number;
  gateway: number;
  fly: number;
  proxy: number;
  stripe: number;
  smtp: number;
  control: number;
};

export type StackOptions = PartOptions & {
  databaseUrl: string;
  redisUrl: string;
  authSecret: string;
  /** Runs with hot reload instead of the build. */
  dev?: boolean;
  ports?: Partial<StackPorts>;
  /** How many web processes serve the app's one URL, and how many workers run; one each by default. */
  count?: { web?: number; worker?: number };
  /** Added to the environment of web, worker and gateway. */
  env?: Record<string, string>;
  cloudEnv?: Record<string, string>;
};

export type Stack = {
  ports: StackPorts;
  appUrl: string;
  controlUrl: string;
  /** The URL of each web process; the first is `appUrl` unless the environment says otherwise. */
  webUrls: string[];
  env: Record<string, string>;
  names: PartName[];
  pidOf(name: PartName): number;
  /** Ends one process with the signal `how` and waits until it has exited. */
  kill(name: PartName, how?: NodeJS.Signals): Promise<void>;
  /** Adds to the environment of web, worker and gateway from their next start on. */
  changeEnv(more: Record<string, string>): void;
  /** Starts a killed process again and waits until it is ready. */
  start(name: PartName): Promise<void>;
  stop(): Promise<void>;
};

const DEFAULTS: StackPorts = {
  web: 3000,
  worker: 3001,
  gateway: 3002,
  fly: 4280,
  proxy: 4281,
  stripe: 4282,
  smtp: 4283,
  control: 4284,
};

/** The environment variable that sets each port. */
const PORT_NAMES: Record<keyof StackPorts, string> = {
  web: 'PORT',
  worker: 'WORKER_PORT',
  gateway: 'GATEWAY_PORT',
  fly: 'CLOUD_FLY_PORT',
  proxy: 'CLOUD_PROXY_PORT',
  stripe: 'CLOUD_STRIPE_PORT',
  smtp: 'CLOUD_SMTP_PORT',
  control: 'CLOUD_CONTROL_PORT',
};

/**
 * Returns the ports of `npm run up`: the documented ones, or those set in the environment. Throws SetupError naming one
 * that is taken.
 */
export async function fixedPorts(source: Record<string, string | undefined>): Promise<StackPorts> {
  const ports = { ...DEFAULTS };
  for (const key of Object.keys(PORT_NAMES) as (keyof StackPorts)[]) {
    ports[key] = Number(source[PORT_NAMES[key]] ?? DEFAULTS[key]);
    if (!(await isPortFree(ports[key]))) {
      throw new SetupError(
        `Port ${ports[key]} is in use. Stop what uses it, or set ${PORT_NAMES[key]} to another port.`,
      );
    }
  }
  return ports;
}

/** Returns free ports for all processes, for stacks that run beside others. */
export async function freePorts(): Promise<StackPorts> {
  const ports = { ...DEFAULTS };
  for (const key of Object.keys(ports) as (keyof StackPorts)[]) ports[key] = await findFreePort();
  return ports;
}

/** Starts all processes and waits until they are ready. When one of them fails, none is left running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const ports = { ...(await freePorts()), ...options.ports };
  const appUrl = options.env?.APP_URL ?? `http://localhost:${ports.web}`;
  const env = environmentOf(options, ports, appUrl);
  const webs = await placesOf('web', ports.web, options.count?.web);
  const workers = await placesOf('worker', ports.worker, options.count?.worker);
  const places: Place[] = [
    { name: 'cloud', kind: 'cloud' },
    ...workers,
    { name: 'gateway', kind: 'gateway' },
    ...webs,
  ];
  const parts = new Map<PartName, Part>();
  for (const place of places)
    parts.set(place.name, new Part(place.name, commandOf(place, options, ports, env), options));
  const part = (name: PartName) => parts.get(name) as Part;
  const others = places.map(({ name }) => name).filter((name) => name !== 'cloud');
  const stop = async () => {
    await Promise.all(others.map((name) => part(name).end('SIGTERM')));
    await part('cloud').end('SIGTERM');
  };
  try {
    await part('cloud').begin();
    await sellPlans(env);
    await Promise.all(others.map((name) => part(name).begin()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ports,
    appUrl,
    controlUrl: `http://127.0.0.1:${ports.control}`,
    webUrls: webs.map(({ port }) => `http://localhost:${port}`),
    env,
    names: [...parts.keys()],
    pidOf: (name) => part(name).pid,
    kill: (name, how = 'SIGKILL') => part(name).end(how),
    changeEnv: (more) => {
      for (const name of others) part(name).changeEnv(more);
    },
    start: (name) => part(name).begin(),
    stop,
  };
}

/** A process to start, with its own port where there may be several of its kind. */
type Place = { name: PartName; kind: PartKind; port?: number };

async function placesOf(kind: 'web' | 'worker', first: number, count = 1): Promise<Place[]> {
  const places: Place[] = [{ name: kind, kind, port: first }];
  for (let number = 2; number <= count; number++)
    places.push({ name: `${kind}${number}`, kind, port: await findFreePort() });
  return places;
}

/** The webhook secret of the local Stripe; it has no use anywhere else. */
const WEBHOOK_SECRET = 'whsec_local_stack';

/** Creates the plans in the catalogue of the local Stripe, as an operator does once. */
async function sellPlans(env: Record<string, string>): Promise<void> {
  if (!env.STRIPE_SECRET_KEY) return;
  const { ctx, close } = openOperatorContext(env);
  try {
    await syncCatalogue(ctx);
  } finally {
    await close();
  }
}

/**
 * Returns the addresses of the processes, of the machines of the local cloud and of its mail server, as environment
 * variables.
 */
export const addressesOf = (ports: StackPorts, appUrl: string): Record<string, string> => ({
  APP_URL: appUrl,
  PORT: String(ports.web),
  WORKER_PORT: String(ports.worker),
  GATEWAY_PORT: String(ports.gateway),
  GATEWAY_URL: `http://localhost:${ports.proxy}`,
  PORTS_URL: `http://*.localhost:${ports.proxy}`,
  FLY_API_URL: `http://127.0.0.1:${ports.fly}`,
  SMTP_URL: `smtp://127.0.0.1:${ports.smtp}`,
});

/** Returns the addresses of the local cloud and of the gateway it calls, as environment variables. */
export const cloudAddressesOf = (ports: StackPorts): Record<string, string> => ({
  CLOUD_GATEWAY_URL: `http://127.0.0.1:${ports.gateway}`,
  ...Object.fromEntries(
    (['fly', 'proxy', 'stripe', 'smtp', 'control'] as const).map((key) => [
      PORT_NAMES[key],
      String(ports[key]),
    ]),
  ),
});

function environmentOf(options: StackOptions, ports: StackPorts, appUrl: string): Record<string, string> {
  return {
    DATABASE_URL: options.databaseUrl,
    REDIS_URL: options.redisUrl,
    AUTH_SECRET: options.authSecret,
    ...addressesOf(ports, appUrl),
    FLY_API_TOKEN: 'local',
    FLY_ORG: 'local',
    FLY_REGIONS: 'iad,ams',
    // Demo administrators have no authenticator app.
    ADMIN_SECOND_FACTOR: 'optional',
    SESSION_IMAGE: 'hourglass-machine',
    STRIPE_SECRET_KEY: 'sk_test_local',
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    STRIPE_API_URL: `http://127.0.0.1:${ports.stripe}`,
    MAIL_FROM: 'Hourglass <no-reply@hourglass.local>',
    NEXT_TELEMETRY_DISABLED: '1',
    ...options.env,
  };
}

/** With hot reload each process runs from its sources; without it, the stack runs what `npm run start:…` runs. */
const FROM_SOURCES: Record<PartKind, string[]> = {
  cloud: ['--import', 'tsx', 'cloud/main.ts'],
  web: ['node_modules/next/dist/bin/next', 'dev'],
  worker: ['--watch', '--import', 'tsx', 'workers/timekeeper/main.ts'],
  gateway: ['--watch', '--import', 'tsx', 'workers/gateway/main.ts'],
};

function commandOf(
  { kind, port }: Place,
  options: StackOptions,
  ports: StackPorts,
  env: Record<string, string>,
): Command {
  const nodeEnv = options.dev ? 'development' : 'production';
  const product = { ...env, NODE_ENV: nodeEnv };
  const args = options.dev ? FROM_SOURCES[kind] : ['scripts/start.mjs', kind];
  switch (kind) {
    case 'cloud':
      return {
        args,
        env: {
          CLOUD_STATE_DIR: join(options.dir, 'cloud'),
          CLOUD_STRIPE_WEBHOOK_URL: `${env.APP_URL}/api/stripe/webhook`,
          CLOUD_STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
          ...cloudAddressesOf(ports),
          ...options.cloudEnv,
        },
        readyUrl: `http://127.0.0.1:${ports.control}/control/machines`,
      };
    case 'web':
      return {
        args,
        env: { ...product, PORT: String(port) },
        readyUrl: `http://127.0.0.1:${port}/readyz`,
      };
    case 'worker':
      return {
        args,
        env: { ...product, WORKER_PORT: String(port) },
        readyUrl: `http://127.0.0.1:${port}/readyz`,
      };
    case 'gateway':
      return { args, env: { ...product }, readyUrl: `http://127.0.0.1:${ports.gateway}/readyz` };
  }
}
