import { describe, expect, it } from 'vitest';
import { DrawWindow } from './draw-window';

/** Floods a page of this speed and round trip. Returns the bytes drawn per second and the ms that output waits in the end. */
function flood(bytesPerSecond: number, roadMs: number) {
  const window = new DrawWindow();
  let [sent, acked, freeAt] = [0, 0, 0];
  const acks: { to: number; at: number }[] = [];
  const send = (bytes: number, now: number) => {
    sent += bytes;
    window.sentTo(sent, now);
    freeAt = Math.max(freeAt, now + roadMs / 2) + (bytes / bytesPerSecond) * 1000;
    acks.push({ to: sent, at: freeAt + roadMs / 2 });
  };
  send(10, 0);
  for (let now = 1; now <= 20_000; now++) {
    for (let ack = acks[0]; ack && ack.at <= now; ack = acks[0]) {
      acked = ack.to;
      window.drewTo(acked, now);
      acks.shift();
    }
    for (let n = 0; now > 2_000 && n < 32 && sent - acked < window.bytes; n++) send(4_096, now);
  }
  return { perSecond: acked / 18, waitsMs: ((sent - acked) / bytesPerSecond) * 1000 };
}

describe('what is under way to a page', () => {
  it.each([
    [20_000_000, 5],
    [2_000_000, 5],
    [500_000, 5],
    [500_000, 200],
    [200_000, 50],
  ])('MACHINE-59 that draws %i bytes a second, %i ms away, is drawn within half a second', (speed, road) => {
    const { perSecond, waitsMs } = flood(speed, road);
    expect(waitsMs).toBeLessThan(400 + road);
    // The limit does not slow the page down.
    expect(perSecond).toBeGreaterThan(0.8 * Math.min(speed, (256 * 1024 * 1000) / road));
  });
});
