import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { deadlineOf, type Lease, renewAtOf } from '../lease/deadline';
import { IdleWatch, idleEndAt } from './idle-watch';
import { PrintedMeter } from './printed';
import { type Process, parseStat, processesOf } from './processes';
import { type Shell, WorkMeter } from './work-meter';

const printedBy = (...chunks: string[]) => {
  const meter = new PrintedMeter();
  for (const chunk of chunks) meter.add(Buffer.from(chunk), 7);
  return meter.take();
};

describe('what is printed', () => {
  it('MACHINE-48 a line with something on it is told from questions to the terminal, in whatever pieces they come', () => {
    expect(printedBy('building\r\n')).toEqual({ hasLine: true, hasText: true, at: 7 });
    expect(printedBy('50 %')).toMatchObject({ hasLine: false, hasText: true });
    expect(printedBy('\x1b[32mgreen\x1b[0m\n')).toMatchObject({ hasLine: true });
    for (const silent of [
      '\x1b[6n',
      '\x1b[?25l\x1b[?25h',
      '\x1b]0;title of 40 letters\x07',
      '\x1b]11;?\x1b\\',
      '\x1bP$q m\x1b\\',
      '\x1b(B',
      '\r\n\n  ',
      '\x07',
    ])
      expect(printedBy(silent), JSON.stringify(silent)).toMatchObject({ hasLine: false, hasText: false });
    expect(printedBy('\x1b', '[', '6', 'n')).toMatchObject({ hasText: false });
    expect(printedBy('\x1b]0;ti', 'tle\x1b', '\\', 'x')).toMatchObject({ hasText: true });
  });

  it('MACHINE-48 what is drawn because the terminal answered or changed its size is not counted', () => {
    const meter = new PrintedMeter();
    meter.ignore(1_000);
    meter.add(Buffer.from('^[[24;80R\r\n'), 1_010);
    expect(meter.take()).toMatchObject({ hasLine: false, hasText: false });
    meter.add(Buffer.from('on its own\n'), 1_500);
    expect(meter.take()).toMatchObject({ hasLine: true, at: 1_500 });
  });
});

const process = (pid: number, parent: number, more: Partial<Process> = {}): Process => ({
  pid,
  parent,
  name: 'x',
  session: pid,
  isAlive: true,
  cpuMs: 0,
  ...more,
});

describe('processes', () => {
  it('MACHINE-48 are read whatever their name holds', () => {
    const line = '4711 (a) b (c) S 12 4711 99 34816 4711 4194304 100 0 0 0 20 10 5 1 20 0 1 0 100 1 1';
    expect(parseStat(line)).toEqual({
      pid: 4711,
      name: 'a) b (c',
      parent: 12,
      session: 99,
      isAlive: true,
      cpuMs: 360,
    });
    expect(parseStat('nonsense')).toBeNull();
  });

  it('MACHINE-48 of a shell are all below it, and those that lost their parent', () => {
    const all = [
      process(1, 0),
      process(5, 1, { name: 'tini' }),
      process(6, 5),
      process(10, 6),
      process(11, 10),
      process(12, 11),
      process(13, 1, { session: 10 }),
      process(14, 5),
      process(15, 1),
      process(16, 6),
    ];
    const found = processesOf(all, new Set([10]), { pid: 6, parent: 5 });
    expect(found.map(({ pid }) => pid).toSorted((a, b) => a - b)).toEqual([10, 11, 12, 13, 14]);
    // Outside the image, siblings of the agent belong to other programs.
    const local = all.map((one) => (one.pid === 5 ? { ...one, name: 'sh' } : one));
    expect(processesOf(local, new Set([10]), { pid: 6, parent: 5 }).map(({ pid }) => pid)).not.toContain(14);
  });
});

describe('work', () => {
  /** A shell with pid 10 and, if it runs one, a command with pid 11; each look is five seconds after the last. */
  function scene() {
    let now = 0;
    let processes: Process[] = [];
    const meter = new WorkMeter(() => processes, { pid: 6, parent: 5 });
    const printed = new PrintedMeter();
    const shell: Shell = { pid: 10, takePrinted: () => printed.take() };
    return (prints: string, commandCpuMs: number | null, shellCpuMs = 0) => {
      now += 5_000;
      printed.add(Buffer.from(prints), now - 1_000);
      processes = [process(10, 6, { cpuMs: shellCpuMs })];
      if (commandCpuMs !== null) processes.push(process(11, 10, { cpuMs: commandCpuMs }));
      const at = meter.look([shell], now);
      return at === null ? null : now - at;
    };
  }

  it('MACHINE-48 a command that prints a line works, since it printed it', () => {
    const look = scene();
    look('', null);
    expect(look('line\n', 0)).toBe(1_000);
    expect(look('', 0)).toBeNull();
    // The command may have ended between two looks.
    expect(look('last line\n', null)).toBe(1_000);
    expect(look('coder@x:~$ \n', null)).toBeNull();
  });

  it('MACHINE-48 a command that computes in silence works, and so does a loop of the shell itself', () => {
    const look = scene();
    look('', 0);
    expect(look('', 4_900)).toBe(0);
    expect(look('', 4_900)).toBeNull();
    // The command's processor time counts for the shell by now.
    expect(look('', null, 9_900)).toBe(0);
  });

  it('MACHINE-48 a program that waits does not: no line, hardly any time, questions only', () => {
    const look = scene();
    look('prompt', null);
    for (let i = 1; i < 10; i++) expect(look('\x1b[6n\x1b[?25h', i * 40), String(i)).toBeNull();
  });

  it('MACHINE-48 drawing in place counts when it goes on: a spinner does, a clock that changes once a minute does not', () => {
    const look = scene();
    look('', 0);
    expect(look('\x1b[1;70H12:41', 0)).toBeNull();
    expect(look('', 0)).toBeNull();
    expect(look('\r⠋ thinking', 0)).toBeNull();
    expect(look('\r⠙ thinking', 0)).toBe(1_000);
  });

  it('MACHINE-48 a prompt that draws itself and a shell that begins do not', () => {
    const look = scene();
    expect(look('coder@x:~$ ', null, 400)).toBeNull();
    expect(look('coder@x:~$ \n', null, 410)).toBeNull();
  });
});

describe('the idle watch of a machine', () => {
  const state = { typedAt: 0, workedAt: 0, idleMs: 60_000, maxMs: 300_000, awakeUntil: 0 };

  it('MACHINE-48 ends by the same rule as the server', () => {
    expect(idleEndAt(state)).toBe(60_000);
    expect(idleEndAt({ ...state, workedAt: 30_000 })).toBe(90_000);
    expect(idleEndAt({ ...state, workedAt: 299_000 })).toBe(300_000);
    expect(idleEndAt({ ...state, awakeUntil: 400_000 })).toBe(400_000);
    expect(idleEndAt({ ...state, idleMs: null })).toBeNull();
  });

  function watch(idleMs: number) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime', 'Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const asked: number[] = [];
    const warned: string[] = [];
    const begun = Date.now();
    const idle: IdleWatch = new IdleWatch({
      idleMs,
      warn: ({ text }) => warned.push(text),
      calm: () => warned.push('calm'),
      ask: () => {
        asked.push(Math.round((Date.now() - begun) / 1000));
        idle.report();
      },
    });
    return { idle, asked, warned };
  }

  it('MACHINE-49 has the server told a second after a key, and every ten seconds at most while somebody types', () => {
    const { idle, asked } = watch(900_000);
    vi.advanceTimersByTime(60_000);
    for (let i = 0; i < 250; i++) {
      idle.typed();
      vi.advanceTimersByTime(100);
    }
    expect(asked).toEqual([61, 71, 81]);
    vi.advanceTimersByTime(20_000);
    // The last keys are reported too, and then nothing more.
    expect(asked).toHaveLength(4);
    vi.advanceTimersByTime(200_000);
    expect(asked).toHaveLength(4);
  });

  it('MACHINE-49 tells nothing that moves no stop: just after a call, while kept awake, once the longest time counts', () => {
    const { idle, asked } = watch(900_000);
    vi.advanceTimersByTime(1_000);
    idle.typed();
    vi.advanceTimersByTime(30_000);
    expect(asked).toEqual([]);
    idle.follow({ awakeMs: 3_600_000, idleMaxMs: 3_600_000 }, performanceNow());
    idle.typed();
    vi.advanceTimersByTime(30_000);
    expect(asked).toEqual([]);
    const capped = watch(900_000);
    capped.idle.follow({ idleMaxMs: 900_000 }, performanceNow());
    vi.advanceTimersByTime(300_000);
    capped.idle.worked(performanceNow());
    vi.advanceTimersByTime(30_000);
    expect(capped.asked).toEqual([]);
  });

  it('MACHINE-36 asks before it warns, and does not warn of an end that was put off', () => {
    const { idle, asked, warned } = watch(400_000);
    vi.advanceTimersByTime(98_000);
    expect(asked).toEqual([97]);
    idle.follow({ awakeMs: 1_000_000 }, performanceNow());
    vi.advanceTimersByTime(600_000);
    expect(warned).toEqual([]);
    vi.advanceTimersByTime(200_000);
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain('stops in 5 minutes unless you press a key or choose Keep running');
    idle.typed();
    idle.typed();
    expect(warned.slice(1)).toEqual(['calm']);
  });
});

/** Returns the monotonic clock as the watch reads it under fake timers. */
const performanceNow = (): number => Number(globalThis.process.hrtime.bigint() / 1000n) / 1000;

describe('a lease', () => {
  it('MACHINE-49 is renewed after its third, however often the server is told something meanwhile', () => {
    const granted: Lease = { sentAt: 0, leaseMs: 900_000, final: false, guardMs: 2_000, renewAt: 300_000 };
    const told: Lease = { sentAt: 100_000, leaseMs: 800_020, final: false, guardMs: 2_000 };
    expect(renewAtOf(granted, told, 100_050)).toBe(300_000);
    const renewed: Lease = { sentAt: 300_000, leaseMs: 900_000, final: false, guardMs: 2_000 };
    expect(renewAtOf({ ...told, renewAt: 300_000 }, renewed, 300_050)).toBe(600_000);
    // No more time was granted when renewal was due: a third of the time left, as ever.
    const short: Lease = {
      sentAt: 300_000,
      leaseMs: deadlineOf(granted) - 300_000,
      final: false,
      guardMs: 2_000,
    };
    expect(renewAtOf(granted, short, 300_050)).toBe(500_000);
  });
});
