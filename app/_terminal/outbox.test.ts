import { describe, expect, it } from 'vitest';
import { Heartbeat } from './heartbeat';
import { Outbox } from './outbox';

const drain = (outbox: Outbox): string[] => {
  const pieces: string[] = [];
  for (let piece = outbox.next(); piece; piece = outbox.next()) pieces.push(piece.data);
  return pieces;
};

describe('what was typed', () => {
  it('MACHINE-55 goes out in pieces of 16 KiB, a window at a time, and never inside a character', () => {
    const outbox = new Outbox();
    const text = `x${'😀'.repeat(400_000)}`;
    expect(outbox.add(text)).toBe(true);
    let got = '';
    let most = 0;
    while (outbox.waiting > 0) {
      const pieces = drain(outbox);
      for (const piece of pieces) expect(Buffer.from(piece).toString()).toBe(piece);
      most = Math.max(most, ...pieces.map((piece) => Buffer.byteLength(piece)));
      expect(outbox.onTheWay).toBeLessThan(300_000);
      got += pieces.join('');
      outbox.took(got.length);
    }
    expect(got === text).toBe(true);
    expect(most).toBeLessThanOrEqual(16 * 1024);
  });

  it('MACHINE-55 takes a paste of 10 MiB, and says when there is no room', () => {
    const outbox = new Outbox();
    expect(outbox.add('x'.repeat(10 * 1024 * 1024))).toBe(true);
    expect(outbox.add('y'.repeat(2 * 1024 * 1024))).toBe(false);
    expect(outbox.waiting).toBe(10 * 1024 * 1024);
  });

  it('MACHINE-61 is sent again from where the terminal has it, and never twice', () => {
    const outbox = new Outbox();
    outbox.add('echo one\r');
    expect(outbox.next()).toEqual({ at: 0, data: 'echo one\r' });
    outbox.took(4);
    outbox.add('two');
    outbox.resume(6);
    expect(outbox.next()).toEqual({ at: 6, data: 'ne\rtwo' });
    outbox.took(12);
    expect(outbox.waiting).toBe(0);
    expect(outbox.clear()).toBe(0);
  });

  it('MACHINE-59 an interrupt takes the place of what was not sent, and ends a paste that was begun', () => {
    const outbox = new Outbox();
    outbox.add(`\x1b[200~${'x'.repeat(600_000)}\x1b[201~`);
    const sent = drain(outbox).join('').length;
    outbox.add('\x03');
    outbox.took(sent);
    expect(drain(outbox)).toEqual(['\x1b[201~\x03']);
  });
});

describe('a line', () => {
  it('MACHINE-57 is dead when a question has no answer, within 20 s', () => {
    const heartbeat = new Heartbeat(0);
    const verdicts: [number, string][] = [];
    for (let now = 2_000; now <= 20_000; now += 2_000) verdicts.push([now, heartbeat.look(now, false)]);
    expect(verdicts.find(([, verdict]) => verdict === 'ask')?.[0]).toBe(8_000);
    expect(verdicts.find(([, verdict]) => verdict === 'dead')?.[0]).toBe(16_000);
  });

  it('MACHINE-57 of a page that was asleep is asked first', () => {
    const heartbeat = new Heartbeat(0);
    expect(heartbeat.look(3_600_000, false)).toBe('ask');
    heartbeat.heard(3_600_010);
    expect(heartbeat.look(3_602_000, false)).toBe('alive');
    // Unacknowledged input shortens the time until a ping.
    expect(heartbeat.look(3_604_000, true)).toBe('ask');
  });
});
