import type { BatchStatus, Session } from '@/server/shapes';

const HOUR_SECONDS = 3600;
const USED_SECONDS = 31 * HOUR_SECONDS + 12 * 60;
const QUOTA_SECONDS = 80 * HOUR_SECONDS;

const iso = (at: number): string => new Date(at).toISOString();

/**
 * Returns the status at `now` of a made-up account on the plan Pro whose usage counts on from `openedAt`, both in ms.
 * Pure.
 */
export function exampleStatus(openedAt: number, now: number): BatchStatus {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const usedSeconds = USED_SECONDS + (now - openedAt) / 1000;
  const metrics = { cpuPercent: 12, memoryMb: 1270, memoryTotalMb: 4096, diskMb: 2300, diskTotalMb: 10_240 };
  return {
    now: iso(now),
    sessions: [
      example('api server', openedAt, {
        status: 'running',
        agent: 'claude-code',
        metrics,
        stopsAt: iso(openedAt + 52 * 60_000),
        stopCause: 'idle',
      }),
      example('docs', openedAt, { endReason: 'user' }),
      example('nightly build', openedAt, { endReason: 'idle' }),
    ],
    quota: {
      plan: { id: 'pro', name: 'Pro' },
      periodStart: iso(Date.UTC(year, month, 1)),
      periodEnd: iso(Date.UTC(year, month + 1, 1)),
      quotaSeconds: QUOTA_SECONDS,
      usedSeconds,
      heldSeconds: 900,
      extraSeconds: 0,
      remainingSeconds: QUOTA_SECONDS - usedSeconds,
      percent: Math.floor((1000 * usedSeconds) / QUOTA_SECONDS) / 10,
      level: 'ok',
      exhaustsAt: null,
    },
    limits: { maxSessions: 2, activeSessions: 1 },
    start: { allowed: true, reason: null },
    upgrade: null,
  };
}

function example(name: string, openedAt: number, more: Partial<Session>): Session {
  return {
    id: name.replace(' ', '-'),
    name,
    agent: 'bash',
    region: 'iad',
    size: 'standard',
    status: 'stopped',
    createdAt: iso(openedAt),
    startedAt: null,
    stoppedAt: null,
    stopsAt: null,
    stopCause: null,
    endReason: null,
    lastActiveAt: null,
    lastWorkAt: null,
    idleStopSeconds: HOUR_SECONDS,
    keepAwakeUntil: null,
    metrics: null,
    ...more,
  };
}
