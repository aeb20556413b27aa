import { disputeCharge, moveDispute, showDispute, warnOfFraud } from '../disputes/disputes';
import { settleProcessing } from '../invoices/processing';
import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { refuse } from '../store/failure';
import type { DisputeRecord } from '../store/records';
import type { Handler } from './handler';

const STATUSES = [
  'needs_response',
  'under_review',
  'won',
  'lost',
  'warning_needs_response',
  'warning_closed',
];

function statusOf(input: Json): DisputeRecord['status'] | undefined {
  if (input.status === undefined) return undefined;
  if (!STATUSES.includes(String(input.status))) throw refuse(`status must be one of ${STATUSES.join(', ')}.`);
  return input.status as DisputeRecord['status'];
}

const dispute: Handler = ({ world }, input, id) =>
  world.work(() => {
    const status = statusOf(input);
    return showDispute(world, disputeCharge(world, id, status && { status }));
  });

const move: Handler = ({ world }, input, id) =>
  world.work(() => {
    moveDispute(world, id, statusOf(input) ?? 'lost');
    return showDispute(world, id);
  });

const warn: Handler = ({ world }, _input, id) =>
  world.work(() => renderOne(world, 'fraudWarnings', warnOfFraud(world, id)));

/** Settles an invoice's pending bank debit: paid, or failed with `result: 'failed'`. */
const settle: Handler = ({ world }, input, id) =>
  world.work(() => {
    settleProcessing(world, id, input.result !== 'failed');
    return renderOne(world, 'invoices', id);
  });

/** Sends a thin event, which contains no object, to every endpoint. Returns the HTTP statuses. */
const sendThin: Handler = ({ webhooks }, input) =>
  webhooks.sendThin(String(input.type ?? 'v1.billing.meter.no_meter_found'));

/** Controls that cause trouble with past payments: disputes, fraud warnings, late debits; and the thin event. */
export const TROUBLES: [method: string, path: RegExp, run: Handler][] = [
  ['POST', /^charges\/([^/]+)\/dispute$/, dispute],
  ['POST', /^charges\/([^/]+)\/fraud_warning$/, warn],
  ['POST', /^disputes\/([^/]+)$/, move],
  ['POST', /^invoices\/([^/]+)\/settle$/, settle],
  ['POST', /^thin$/, sendThin],
];
