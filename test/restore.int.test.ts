import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrateDatabase } from '@/db/migrate';
import { COMMANDS } from '@/operator/commands';
import type { DomainError } from '@/server/errors';
import { reconcile } from '@/server/inventory/reconcile';
import { noteRestore } from '@/server/quota/note-restore';
import { verifyLedger } from '@/server/quota/verify-ledger';
import { batchStatus } from '@/server/session/batch-status';
import { createSession } from '@/server/session/create';
import { startSession } from '@/server/session/start';
import { stopSession } from '@/server/session/stop';
import { type DumpServer, openDumpServer } from './dump';
import { Stage } from './simulation/stage';
import { asOwner, createWorld } from './world';

/** A database restored from a dump while machines run that it does not know. */

const SLICE_MS = 120_000;
const BOOT_MS = 30_000;
const env = { LEASE_MAX_SECONDS: '120', BOOT_TIMEOUT_SECONDS: '30' };
const LEFT_MS = 600_000;
const T0 = Date.parse('2026-11-24T12:00:00Z');

let server: DumpServer;
let stage: Stage;
const before = `hourglass_before_${process.pid}`;
const after = `hourglass_after_${process.pid}`;

beforeAll(async () => {
  server = await openDumpServer();
  process.stdout.write(`restore: ${server.how}\n`);
  await asOwner(server.urlOf('postgres'), (admin) => admin.unsafe(`create database ${before}`));
  await migrateDatabase(server.urlOf(before));
  stage = await Stage.open({ startAt: T0, env, url: server.urlOf(before) });
  stage.kind = 'silent';
}, 120_000);
afterAll(async () => {
  await stage?.world.close();
  await asOwner(server.urlOf('postgres'), (admin) => admin.unsafe(`drop database ${before} with (force)`));
  await server?.close();
});

const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: DomainError) => error.reason,
  );

/** Returns the reason why a start is refused; the status and the start must agree on it. */
async function startReason(accountId: string, sessionId: string): Promise<string | null> {
  const { start } = await batchStatus(stage.ctx, accountId);
  const reason = await reasonOf(startSession(stage.ctx, { accountId, sessionId }));
  expect(reason).toBe(start.reason);
  return reason;
}

it('QUOTA-23 QUOTA-24 a restored database grants nothing until every lease it may not know has ended, and then its sums agree', {
  timeout: 120_000,
}, async () => {
  const accountId = await stage.account({ planId: 'pro', leftMs: LEFT_MS });
  const known = await stage.started(accountId);
  await stage.pass(100);
  await stage.call(known.runId, 0, 'running');
  const { id: sessionId } = await createSession(stage.ctx, { accountId, name: 'later' });
  const booting = await stage.started(accountId);
  const restore = await server.dump(before);

  // Not in the dump: a renewal, an end, and a new machine with a whole slice.
  await stage.pass(1_000);
  await stage.call(booting.runId, 0, 'running');
  await stage.pass(40_000, 5_000);
  await stage.call(known.runId, 1, 'renew');
  await stopSession(stage.ctx, { accountId, sessionId: booting.sessionId });
  await stage.pass(15_000, 5_000);
  expect(booting.machine.endedAt).not.toBeNull();
  const unknown = await stage.started(accountId);
  await stage.pass(100);
  await stage.call(unknown.runId, 0, 'running');
  const grantedUntil = (await stage.run(known.runId)).lease_until;

  await restore(after);
  await stage.world.close();
  await stage.continueOn(await createWorld({ env, startAt: stage.now, url: server.urlOf(after) }));
  const restoredAt = stage.now;
  const machines = stage.provider.all.length;

  // Effective from the first moment, before any process noticed the restore.
  expect(await startReason(accountId, sessionId)).toBe('QUOTA_UNAVAILABLE');
  const from = restoredAt + SLICE_MS + BOOT_MS;
  expect(await noteRestore(stage.ctx)).toBe(from);
  expect(await noteRestore(stage.ctx)).toBeNull();
  const sentence = await startSession(stage.ctx, { accountId, sessionId }).catch(
    (error: Error) => error.message,
  );
  expect(sentence).toMatch(
    new RegExp(`restored from a copy.* at ${new Date(from).toISOString().slice(11, 16)} UTC`),
  );

  const lease = (await stage.run(known.runId)).lease_until;
  expect(lease).toBeLessThan(grantedUntil);
  const answer = await stage.call(known.runId, 9, 'renew');
  expect(answer).toMatchObject({
    action: 'run',
    leaseMs: lease - restoredAt,
    message: expect.stringMatching(/restored/),
  });
  expect((await stage.run(known.runId)).lease_until).toBe(lease);
  expect(await reasonOf(stage.call(unknown.runId, 9, 'renew'))).toBe('UNAUTHORIZED');

  while (stage.now < from - 1_000) {
    await stage.pass(Math.min(30_000, from - 1_000 - stage.now), 5_000);
    await reconcile(stage.ctx);
    expect(await startReason(accountId, sessionId)).toBe('QUOTA_UNAVAILABLE');
  }
  expect(stage.provider.all.length).toBe(machines);
  expect(stage.provider.all.filter((machine) => machine.endedAt === null)).toEqual([]);
  const status = await batchStatus(stage.ctx, accountId);
  expect(status.limits.activeSessions).toBe(0);
  expect(await verifyLedger(stage.ctx, null)).toMatchObject({ problems: [], drift: [] });

  // Quota is granted again, and never more than the restored database has left.
  await stage.pass(1_000);
  expect(await startReason(accountId, sessionId)).toBeNull();
  const run = stage.provider.all.at(-1);
  const leftMs = (status.quota.remainingSeconds ?? 0) * 1000;
  let leaseMs = 0;
  for (let seq = 0; run && run.endedAt === null && stage.now < from + 2 * LEFT_MS; seq++) {
    await stage.pass(Math.min(20_000, Math.max(500, leaseMs / 3)), 5_000);
    if (run.endedAt !== null) break;
    const event = seq === 0 ? 'running' : 'renew';
    leaseMs = (await stage.call(run.runId, seq, event)).leaseMs;
  }
  const ranMs = (run?.endedAt ?? Number.POSITIVE_INFINITY) - (run?.startedAt ?? 0);
  expect(ranMs).toBeLessThanOrEqual(leftMs);
  expect(ranMs).toBeGreaterThan(leftMs - 5_000);
  expect(await verifyLedger(stage.ctx, null)).toMatchObject({ problems: [], drift: [] });
});

it('QUOTA-23 an operator reports a restore that cannot be detected', async () => {
  const accountId = await stage.account({ planId: 'pro' });
  const { id: sessionId } = await createSession(stage.ctx, { accountId, name: 'told' });
  const told = await COMMANDS['database restored']?.run(stage.ctx, {});
  const from = stage.now + SLICE_MS + BOOT_MS;
  expect(told?.result).toEqual({ grantingFrom: new Date(from).toISOString() });
  expect(await startReason(accountId, sessionId)).toBe('QUOTA_UNAVAILABLE');
  await stage.jumpTo(from);
  expect(await startReason(accountId, sessionId)).toBeNull();
});
