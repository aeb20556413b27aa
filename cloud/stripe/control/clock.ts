import { expireSession } from '../checkout/checkout-end';
import { finalizeInvoice } from '../invoices/invoice-make';
import { collectInvoice, payInvoice } from '../invoices/payments';
import { cancelNow } from '../invoices/subscription-cancel';
import { renderInvoice } from '../render/invoice';
import type { InvoiceRecord, SubscriptionRecord } from '../store/billing-records';
import type { World } from '../store/world';
import { advanceSchedule, phaseEnd } from '../subscriptions/schedule-advance';
import { expireIncomplete, expirePendingUpdate, reachPeriodEnd } from '../subscriptions/subscription-renew';
import { change, emit, emitFor } from '../webhooks/events';

const DAY_SECONDS = 86_400;
const NOTICE_SECONDS = 3 * DAY_SECONDS;
const INCOMPLETE_SECONDS = 23 * 3600;

interface Due {
  at: number;
  /** Order among events due at the same instant; lower runs first. */
  rank: number;
  run: () => void;
}

/** Runs all events due up to `until`, in order of time. `clock` is a test clock's id; null = the shared clock. */
export function runDue(world: World, until: number, clock: string | null): void {
  for (;;) {
    const next = allDue(world, clock)
      .filter((due) => due.at <= until)
      .sort((a, b) => a.at - b.at || a.rank - b.rank)[0];
    if (!next) return;
    world.at(next.at, () => world.work(next.run));
  }
}

function allDue(world: World, clock: string | null): Due[] {
  const isOn = (customer: string | null) =>
    ((customer && world.store.read('customers', customer)?.test_clock) || null) === clock;
  return [
    ...world.store.all('subscriptions').flatMap((s) => (isOn(s.customer) ? subscriptionDue(world, s) : [])),
    ...world.store.all('invoices').flatMap((i) => (isOn(i.customer) ? invoiceDue(world, i) : [])),
    ...world.store
      .all('checkoutSessions')
      .filter((session) => session.status === 'open' && isOn(session.customer))
      .map((session) => ({ at: session.expires_at, rank: 5, run: () => expireSession(world, session.id) })),
    ...world.store.all('schedules').flatMap((schedule) => {
      const at = isOn(schedule.customer) ? phaseEnd(world, schedule.id) : null;
      return at === null ? [] : [{ at, rank: 0, run: () => advanceSchedule(world, schedule.id) }];
    }),
  ];
}

function subscriptionDue(world: World, record: Readonly<SubscriptionRecord>): Due[] {
  const { id, status, period_end } = record;
  const due: Due[] = [];
  if (record.ended_at !== null) return due;
  if (record.pending_update) {
    due.push({ at: record.pending_update.expires_at, rank: 1, run: () => expirePendingUpdate(world, id) });
  }
  if (status === 'incomplete') {
    due.push({ at: record.created + INCOMPLETE_SECONDS, rank: 1, run: () => expireIncomplete(world, id) });
    return due;
  }
  if (record.cancel_at !== null && record.cancel_at < period_end) {
    due.push({ at: record.cancel_at, rank: 1, run: () => cancelNow(world, id, null) });
  }
  if (status === 'paused') return due;
  due.push({ at: period_end, rank: 2, run: () => reachPeriodEnd(world, id) });
  due.push(...noticesDue(world, record));
  return due;
}

/** Returns the notices due three days before the end of a trial and before the next invoice. */
function noticesDue(world: World, record: Readonly<SubscriptionRecord>): Due[] {
  const { id, period_end } = record;
  const at = Math.max(period_end - NOTICE_SECONDS, record.period_start);
  if (record.status === 'trialing') {
    if (record.noticed.trial_will_end === period_end) return [];
    return [{ at, rank: 3, run: () => noticeTrialEnd(world, id) }];
  }
  const ends = record.cancel_at !== null && record.cancel_at <= period_end;
  if (ends || record.noticed.upcoming === period_end || record.latest_invoice === null) return [];
  return [{ at, rank: 3, run: () => noticeUpcoming(world, id) }];
}

function noticeTrialEnd(world: World, id: string): void {
  const record = world.store.edit('subscriptions', id);
  record.noticed.trial_will_end = record.period_end;
  emitFor(world, 'customer.subscription.trial_will_end', 'subscriptions', id);
}

function noticeUpcoming(world: World, id: string): void {
  const period_end = world.need('subscriptions', id, 'subscription').period_end;
  const upcoming = world.rehearse(() => {
    world.at(period_end, () => reachPeriodEnd(world, id));
    const latest = world.need('subscriptions', id, 'subscription').latest_invoice ?? '';
    const { id: _none, ...fields } = renderInvoice(world, world.need('invoices', latest, 'invoice'));
    return { ...fields, id: `upcoming_${latest}`, billing_reason: 'upcoming' };
  });
  world.store.edit('subscriptions', id).noticed.upcoming = period_end;
  emit(world, 'invoice.upcoming', upcoming);
}

function invoiceDue(world: World, invoice: Readonly<InvoiceRecord>): Due[] {
  const { id, status, automatically_finalizes_at: finalizeAt, next_payment_attempt: retryAt } = invoice;
  if (status === 'draft' && finalizeAt !== null && invoice.auto_advance) {
    return [{ at: finalizeAt, rank: 4, run: () => void finalizeAndPay(world, id) }];
  }
  if (status === 'open' && retryAt !== null && invoice.auto_advance) {
    return [{ at: retryAt, rank: 4, run: () => void payInvoice(world, id, {}) }];
  }
  return [];
}

function finalizeAndPay(world: World, id: string): void {
  finalizeInvoice(world, id);
  collectInvoice(world, id);
}

/** Moves the shared clock forward and runs the events due on the way. Throws a RangeError for a step back. */
export function advanceClock(world: World, toSeconds: number): void {
  const now = world.now();
  if (toSeconds < now) throw new RangeError(`The clock stands at ${now} and only moves forward.`);
  runDue(world, toSeconds, null);
  world.work(() => {
    world.store.edit('settings', 'settings').clock_offset_ms += (toSeconds - now) * 1000;
  });
}

/** Moves a test clock forward and runs the events due on the way. */
export function advanceTestClock(world: World, id: string, toSeconds: number): void {
  runDue(world, toSeconds, id);
  world.work(() =>
    change(world, 'testClocks', id, 'test_helpers.test_clock.ready', (record) => {
      record.frozen_time = toSeconds;
    }),
  );
}
