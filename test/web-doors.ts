import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { TEST_ENV, type World } from './world';

export type WebDoor = {
  /** Delivers one event; returns the status. */
  deliver(body: string, signature: string): Promise<number>;
  close(): Promise<void>;
};

const SCRIPT = fileURLToPath(new URL('web-door.ts', import.meta.url));

/** Starts a process that receives webhooks on the database of a world, with its payment provider. */
export async function openWebDoor({ url, ctx }: World): Promise<WebDoor> {
  const { STRIPE_SECRET_KEY, STRIPE_API_URL, STRIPE_WEBHOOK_SECRET } = ctx.env;
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT], {
    // The child exits when this pipe closes.
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      ...TEST_ENV,
      DATABASE_URL: url,
      REDIS_URL: process.env.TEST_REDIS_URL,
      STRIPE_SECRET_KEY,
      STRIPE_API_URL,
      STRIPE_WEBHOOK_SECRET,
    } as unknown as NodeJS.ProcessEnv,
  });
  const port = await portOf(child);
  return {
    async deliver(body, signature) {
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        headers: { 'stripe-signature': signature },
        body,
      });
      await response.arrayBuffer();
      return response.status;
    },
    async close() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

async function portOf(child: ChildProcess): Promise<number> {
  if (!child.stdout) throw new Error('no output');
  for await (const line of createInterface(child.stdout)) {
    const port = /^port (\d+)$/.exec(line)?.[1];
    if (port) return Number(port);
  }
  throw new Error('The web door ended before it opened.');
}
