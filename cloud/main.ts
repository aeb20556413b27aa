import { resolve } from 'node:path';
import { startControl } from './control/server';
import { startFly } from './fly/server';
import { lockStateDir } from './lock-state-dir';
import { startMail } from './mail/server';
import { startProxy } from './proxy/server';
import { startStripe } from './stripe/server';

function portOf(name: string, fallback: number): number {
  const value = process.env[name] || String(fallback);
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65535) throw new Error(`${name} is not a port: ${value}`);
  return Number(value);
}

/** Functions that close the started parts. The last one runs first. */
const closers: Array<() => Promise<void>> = [];

async function startCloud() {
  if (process.env.NODE_ENV === 'production') {
    throw new Error(
      'The local cloud is for development and tests only; it does not start with NODE_ENV=production.',
    );
  }
  const stateDir = resolve(process.env.CLOUD_STATE_DIR || '.hourglass/cloud');
  const unlock = lockStateDir(stateDir);
  closers.push(async () => unlock());
  const keepMachines = process.env.CLOUD_KEEP_MACHINES === '1';
  const fly = await startFly({
    port: portOf('CLOUD_FLY_PORT', 4280),
    stateDir,
    machineCommand: process.env.CLOUD_MACHINE_COMMAND || 'node dist/agent/main.mjs',
    token: process.env.CLOUD_FLY_TOKEN || undefined,
    rateLimits: process.env.CLOUD_RATE_LIMITS !== '0',
  });
  closers.push(() => fly.close({ keepMachines }));
  const mail = await startMail({ port: portOf('CLOUD_SMTP_PORT', 4283), stateDir });
  closers.push(() => mail.close());
  const proxy = await startProxy({
    port: portOf('CLOUD_PROXY_PORT', 4281),
    gatewayUrl: process.env.CLOUD_GATEWAY_URL || 'http://127.0.0.1:3002',
    fly,
  });
  closers.push(() => proxy.close());
  const stripe = await startStripe({ port: portOf('CLOUD_STRIPE_PORT', 4282), stateDir });
  closers.push(() => stripe.close());
  const links: Array<[string, string]> = [['Stripe', `http://127.0.0.1:${stripe.port}/`]];
  const control = await startControl({ port: portOf('CLOUD_CONTROL_PORT', 4284), fly, mail, links });
  closers.push(() => control.close());
  return { fly: fly.port, proxy: proxy.port, stripe: stripe.port, smtp: mail.port, control: control.port };
}

let closing = false;

async function closeCloud(exitCode: number): Promise<void> {
  if (closing) return;
  closing = true;
  for (const close of closers.reverse()) {
    await close().catch((error: unknown) => {
      process.stderr.write(`While closing: ${String(error)}\n`);
    });
  }
  process.exit(exitCode);
}

process.on('SIGTERM', () => void closeCloud(0));
process.on('SIGINT', () => void closeCloud(0));

startCloud().then(
  (ports) => process.stdout.write(`${JSON.stringify({ msg: 'cloud ready', ports })}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return closeCloud(1);
  },
);
