import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export const registry = new Registry();
collectDefaultMetrics({ register: registry });

const registers = [registry];

export const metrics = {
  leasesGranted: new Counter({
    name: 'hourglass_leases_granted_total',
    help: 'Slices of quota granted, at start and at renewal',
    labelNames: ['at'] as const,
    registers,
  }),
  signUpsRefused: new Counter({
    name: 'hourglass_sign_ups_refused_total',
    help: 'Sign-ups refused, by limit or because of the address; installation must stay 0',
    labelNames: ['reason'] as const,
    registers,
  }),
  freeSeconds: new Gauge({
    name: 'hourglass_free_seconds',
    help: 'Seconds of free months and trials used this month without a payment, by age of the sign-up',
    labelNames: ['age'] as const,
    registers,
  }),
  startsRefused: new Counter({
    name: 'hourglass_starts_refused_total',
    help: 'Starts refused, by reason',
    labelNames: ['reason'] as const,
    registers,
  }),
  renewalsDenied: new Counter({
    name: 'hourglass_renewals_denied_total',
    help: 'Agent calls answered with stop, by reason',
    labelNames: ['reason'] as const,
    registers,
  }),
  overrunSeconds: new Counter({
    name: 'hourglass_overrun_seconds_total',
    help: 'Machine time past a lease end. Never billed; must stay 0',
    registers,
  }),
  stopLateness: new Histogram({
    name: 'hourglass_stop_lateness_seconds',
    help: 'Proven end of a machine minus its lease end (negative: ended in time)',
    buckets: [-10, -2, -1, 0, 0.25, 0.5, 1, 2, 5, 10, 30],
    registers,
  }),
  sweepLag: new Gauge({
    name: 'hourglass_sweep_lag_seconds',
    help: 'How long the most overdue run has been waiting for the timekeeper',
    registers,
  }),
  clockRefusals: new Counter({
    name: 'hourglass_clock_refusals_total',
    help: 'Starts and renewals refused because the clock of the database was set back; must stay 0',
    registers,
  }),
  lookFailures: new Counter({
    name: 'hourglass_look_failures_total',
    help: 'Failed checks of a run by the timekeeper; the run is checked again later',
    registers,
  }),
  ledgerFailures: new Counter({
    name: 'hourglass_ledger_check_failures_total',
    help: 'Accounts whose books could not be verified; the others were',
    registers,
  }),
  ledgerProblems: new Gauge({
    name: 'hourglass_ledger_problems',
    help: 'Accounts whose books were wrong, or could not be verified, when that was last done; must stay 0',
    labelNames: ['kind'] as const,
    registers,
  }),
  runsEnded: new Counter({
    name: 'hourglass_runs_ended_total',
    help: 'Runs ended, by reason',
    labelNames: ['reason'] as const,
    registers,
  }),
  providerSeconds: new Histogram({
    name: 'hourglass_provider_call_seconds',
    help: 'Latency of calls to the machines provider',
    labelNames: ['action'] as const,
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  }),
  providerErrors: new Counter({
    name: 'hourglass_provider_errors_total',
    help: 'Failed calls to the machines provider',
    labelNames: ['action', 'kind'] as const,
    registers,
  }),
  orphansDestroyed: new Counter({
    name: 'hourglass_orphan_machines_destroyed_total',
    help: 'Machines found without an open run and destroyed',
    registers,
  }),
  parked: new Gauge({
    name: 'hourglass_parked',
    help: 'Things that could not be removed or stopped after many attempts, by kind; retried at long intervals. Needs an operator',
    labelNames: ['kind'] as const,
    registers,
  }),
  listingAge: new Gauge({
    name: 'hourglass_listing_age_seconds',
    help: 'Time since any worker last read a full list of the provider, by list',
    labelNames: ['list'] as const,
    registers,
  }),
  listingAlarms: new Counter({
    name: 'hourglass_listing_alarms_total',
    help: 'Lists of the provider that were rejected: partial, broken, or suddenly much smaller',
    labelNames: ['list', 'kind'] as const,
    registers,
  }),
  volumesRemoved: new Counter({
    name: 'hourglass_volumes_removed_total',
    help: 'Volumes of deleted or unknown sessions removed',
    registers,
  }),
  paymentErrors: new Counter({
    name: 'hourglass_payment_errors_total',
    help: 'Refused or failed calls to the payment provider',
    labelNames: ['kind'] as const,
    registers,
  }),
  billingSyncs: new Counter({
    name: 'hourglass_billing_syncs_total',
    help: 'Reads of a subscription, by outcome',
    labelNames: ['outcome'] as const,
    registers,
  }),
  billingAlarms: new Counter({
    name: 'hourglass_billing_alarms_total',
    help: 'Problems at the payment provider that need an operator: unknown price or status, two subscriptions',
    labelNames: ['kind'] as const,
    registers,
  }),
  mailFailures: new Counter({
    name: 'hourglass_mail_failures_total',
    help: 'Emails that could not be sent: to be retried, or given up',
    labelNames: ['outcome'] as const,
    registers,
  }),
};
