import { fill, type Json } from '../schema/fill';
import type { DisputeRecord, FraudWarningRecord } from '../store/records';

export function renderDispute(record: Readonly<DisputeRecord>): Json {
  return fill('dispute', {
    ...record,
    evidence: EVIDENCE,
    evidence_details: {
      due_by: record.created + 7 * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    is_charge_refundable: record.status.startsWith('warning_'),
  });
}

const NO_EVIDENCE = [
  'access_activity_log',
  'billing_address',
  'cancellation_policy',
  'cancellation_policy_disclosure',
  'cancellation_rebuttal',
  'customer_communication',
  'customer_email_address',
  'customer_name',
  'customer_purchase_ip',
  'customer_signature',
  'duplicate_charge_documentation',
  'duplicate_charge_explanation',
  'duplicate_charge_id',
  'product_description',
  'receipt',
  'refund_policy',
  'refund_policy_disclosure',
  'refund_refusal_explanation',
  'service_date',
  'service_documentation',
  'shipping_address',
  'shipping_carrier',
  'shipping_date',
  'shipping_documentation',
  'shipping_tracking_number',
  'uncategorized_file',
  'uncategorized_text',
];
const EVIDENCE: Json = {
  ...Object.fromEntries(NO_EVIDENCE.map((name) => [name, null])),
  enhanced_evidence: {},
};

export const renderFraudWarning = (record: Readonly<FraudWarningRecord>): Json =>
  fill('radar.early_fraud_warning', { ...record });
