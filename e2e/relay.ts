import { connect, createServer, type Socket } from 'node:net';
import type { Page } from '@playwright/test';

/** A network between a page and the gateway that can be slow, silent, stalled or cut. */
export type Relay = {
  /** Delays every byte by this time, in each direction. */
  delay(ms: number): void;
  /** Drops all bytes without closing a connection. */
  stop(): void;
  /** Stops reading from the machine, whose output waits there. */
  stall(): void;
  /** Resets every connection at once. */
  cut(): void;
  mend(): void;
  close(): void;
};

/**
 * Puts a relay between a page and its terminals. The page needs a context that bypasses its content security policy.
 */
export async function relayBefore(page: Page): Promise<Relay> {
  const road = new Road();
  const server = createServer((client) => road.join(client));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await page.route('**/api/trpc/session.connect*', async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    const url = /ws:\/\/[^/"]+/.exec(text)?.[0] ?? '';
    road.target = new URL(url.replace('ws:', 'http:'));
    await route.fulfill({ response, body: text.replace(url, `ws://127.0.0.1:${port}`) });
  });
  return {
    delay: (ms) => road.set({ delayMs: ms }),
    stop: () => road.set({ isSilent: true }),
    stall: () => road.set({ isStalled: true }),
    cut: () => road.cut(),
    mend: () => road.set({ delayMs: 0, isSilent: false, isStalled: false }),
    close: () => {
      road.cut();
      server.close();
    },
  };
}

class Road {
  target: URL | null = null;
  private pairs: [Socket, Socket][] = [];
  private state = { delayMs: 0, isSilent: false, isStalled: false };

  set(some: Partial<typeof this.state>): void {
    this.state = { ...this.state, ...some };
    for (const [, up] of this.pairs) this.state.isStalled ? up.pause() : up.resume();
  }

  join(client: Socket): void {
    const up = connect(Number(this.target?.port), this.target?.hostname);
    this.pairs.push([client, up]);
    this.pass(client, up);
    this.pass(up, client);
    if (this.state.isStalled) up.pause();
  }

  private pass(from: Socket, to: Socket): void {
    from.on('error', () => {});
    from.on('close', () => to.destroy());
    from.on('data', (data) => {
      const { delayMs, isSilent } = this.state;
      if (isSilent) return;
      if (delayMs === 0) to.write(data);
      else setTimeout(() => to.write(data), delayMs);
    });
  }

  cut(): void {
    for (const pair of this.pairs.splice(0)) for (const socket of pair) socket.resetAndDestroy();
  }
}
