import { describe, expect, it } from 'vitest';
import { volumeNameOf } from '../machines';
import { classify, readRefusal } from './classify';
import { machineRequest } from './config';
import { ALL, RateKeeper } from './rate';
import { readMachine } from './read-machine';

describe('limits', () => {
  it('MACHINE-5 allows a burst of three, then one per second, per machine', () => {
    let now = 0;
    const keeper = new RateKeeper(() => now);
    expect([1, 2, 3, 4, 5].map(() => keeper.reserve('stop', 'a'))).toEqual([0, 0, 0, 1000, 2000]);
    expect(keeper.reserve('stop', 'b')).toBe(0);
    expect(keeper.reserve('destroy', 'a')).toBe(0);
    now = 10_000;
    expect(keeper.reserve('stop', 'a')).toBe(0);
  });

  it('MACHINE-5 removes no more apps than the provider allows in total: 100 per minute after a burst', () => {
    const keeper = new RateKeeper(() => 0);
    const waits = Array.from({ length: 103 }, () => keeper.reserve('delete_app', ALL));
    expect(waits.slice(0, 4)).toEqual([0, 0, 0, 600]);
    expect(waits.at(-1)).toBe(60_000);
  });

  it('MACHINE-34 a call that cannot be sent in time takes no token from later calls', async () => {
    let now = 0;
    const keeper = new RateKeeper(() => now);
    const waits = Array.from({ length: 1_000 }, () => keeper.reserve('stop', 'a', 5_000));
    expect(waits.filter((ms) => ms <= 5_000)).toHaveLength(8);
    await expect(keeper.take('stop', 'a', 5_000)).rejects.toMatchObject({ code: 'TOO_OFTEN' });
    now += 6_000;
    expect(keeper.reserve('stop', 'a', 5_000)).toBe(0);
  });
});

describe('failures', () => {
  it.each([
    [422, '{"error":"x","status":"insufficient_capacity"}', true, 'no_capacity'],
    [
      409,
      '{"error":"aborted: could not reserve resource for machine: insufficient memory"}',
      true,
      'no_capacity',
    ],
    [500, '{"error":"insufficient memory"}', true, 'ambiguous'],
    [408, '{"error":"deadline_exceeded"}', true, 'ambiguous'],
    [502, '<html>bad gateway</html>', true, 'ambiguous'],
    [502, '', false, 'unavailable'],
    [429, '{"error":"rate limit exceeded"}', true, 'rate_limited'],
    [404, '{"error":"machine not found"}', false, 'not_found'],
    [401, '{"error":"Authenticate: token validation error"}', true, 'refused'],
  ])('MACHINE-2 %d %s (change: %s) is %s', (status, body, isChange, kind) => {
    expect(classify(readRefusal(status, body), isChange).kind).toBe(kind);
  });

  it.each([
    [
      'aborted: could not reserve resource for machine: insufficient CPUs available to fulfill request',
      'no_capacity',
    ],
    [
      "failed to launch VM: insufficient resources to create new machine with existing volume 'vol_x'",
      'no_capacity',
    ],
    ['could not find a candidate host', 'no_capacity'],
    ['unavailable: deploys to this host are temporarily disabled while we work on it', 'unavailable'],
  ])('MACHINE-99 %s is a refusal in any status: %s', (error, kind) => {
    for (const status of [400, 403, 408, 409, 412, 422, 500, 502, 503, 504])
      expect([status, classify(readRefusal(status, JSON.stringify({ error })), true).kind]).toEqual([
        status,
        kind,
      ]);
  });

  it.each([
    [500, '{"error":"something about memory"}', true, 'ambiguous'],
    [503, '{"error":"unavailable: try again"}', true, 'ambiguous'],
  ])('MACHINE-99 %d %s (change: %s) is %s', (status, body, isChange, kind) => {
    expect(classify(readRefusal(status, body), isChange).kind).toBe(kind);
  });
});

describe('reading', () => {
  it('MACHINE-6 accepts repeated, unordered and empty events', () => {
    const start = { id: 'e2', type: 'start', status: 'started', timestamp: 2_000, request: null };
    const machine = readMachine(
      {
        id: 'abc',
        name: 'run-1',
        state: 'started',
        region: 'iad',
        created_at: '2026-11-24T12:00:00Z',
        config: { metadata: { hourglass_run: '1' } },
        events: [
          {
            id: 'e3',
            type: 'exit',
            status: 'stopped',
            timestamp: 3_000,
            request: { MonitorEvent: { exit_event: { requested_stop: true } } },
          },
          start,
          start,
          { id: 'e1', type: 'launch', status: 'created', timestamp: 1_000, request: {} },
        ],
      },
      'app',
    );
    expect(machine?.events.map(({ type, at }) => [type, at])).toEqual([
      ['launch', 1_000],
      ['start', 2_000],
      ['exit', 3_000],
    ]);
    expect(machine?.events[2]).toMatchObject({ exitCode: 0, requestedStop: true });
  });

  it('MACHINE-6 never treats an unknown state as running, and accepts a missing config', () => {
    expect(
      readMachine({ id: 'a', state: 'quantum', config: null, host_status: 'unreachable' }, 'app'),
    ).toMatchObject({
      state: 'unknown',
      runId: null,
      hostReachable: false,
      events: [],
    });
    expect(readMachine('not a machine', 'app')).toBeNull();
  });

  it('MACHINE-35 a machine is never woken by traffic, never restarted, and removed when it ends', () => {
    const order = {
      app: 'a',
      installationId: 'here',
      runId: 'r',
      sessionId: 's',
      region: 'iad',
      size: 'standard' as const,
      env: {},
      volumeId: 'v',
      ranBefore: true,
      storageGb: 1,
      graceSeconds: 10,
    };
    const { config } = machineRequest(order, 'image', 'dev', 'v');
    expect(config).toMatchObject({ auto_destroy: true, restart: { policy: 'no' } });
    expect(config.services.map(({ autostart, autostop }) => [autostart, autostop])).toEqual([[false, 'off']]);
    expect(config.metadata).toEqual({
      hourglass_env: 'dev',
      hourglass_installation: 'here',
      hourglass_session: 's',
      hourglass_run: 'r',
    });
  });

  it('MACHINE-1 a volume is named by its session', () => {
    expect(volumeNameOf('01a20dce-a24a-70ae-9163-870d98e3a464')).toMatch(/^s_[a-z0-9]{26}$/);
  });
});
