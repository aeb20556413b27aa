import type { Limits, Quota, Upgrade } from './shapes';

/** The tRPC code of each refusal; the HTTP status follows from it. */
const CODE_OF_REASON = {
  QUOTA_EXCEEDED: 'PAYMENT_REQUIRED',
  TRIAL_EXHAUSTED: 'PAYMENT_REQUIRED',
  SESSION_LIMIT_REACHED: 'CONFLICT',
  ACCOUNT_BLOCKED: 'FORBIDDEN',
  ACCOUNT_PENDING: 'FORBIDDEN',
  EMAIL_UNCONFIRMED: 'FORBIDDEN',
  FRESH_SIGN_IN_REQUIRED: 'FORBIDDEN',
  FORBIDDEN: 'FORBIDDEN',
  UNAUTHORIZED: 'UNAUTHORIZED',
  NOT_FOUND: 'NOT_FOUND',
  INVALID_INPUT: 'BAD_REQUEST',
  NOT_FOR_SALE: 'PRECONDITION_FAILED',
  PAYMENT_FAILED: 'PAYMENT_REQUIRED',
  PAYMENT_ACTION_REQUIRED: 'PAYMENT_REQUIRED',
  PURCHASE_REFUSED: 'FORBIDDEN',
  TRIAL_USED: 'CONFLICT',
  BILLING_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  SESSION_STOPPING: 'CONFLICT',
  NOT_RUNNING: 'CONFLICT',
  IDEMPOTENCY_MISMATCH: 'CONFLICT',
  RATE_LIMITED: 'TOO_MANY_REQUESTS',
  NO_CAPACITY: 'SERVICE_UNAVAILABLE',
  PROVIDER_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  QUOTA_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
} as const;

export type Reason = keyof typeof CODE_OF_REASON;
export type ReasonCode = (typeof CODE_OF_REASON)[Reason] | 'PAYLOAD_TOO_LARGE';

/** The data of a refusal beside its message; only the fields of its reason are set. */
export type RefusalDetails = {
  quota?: Quota;
  upgrade?: Upgrade | null;
  limits?: Limits;
  retryAfterSeconds?: number;
  fields?: Record<string, string[]>;
  /** The page where the refusal can be resolved. */
  url?: string;
};

const BRAND = Symbol.for('hourglass.DomainError');

/** An expected refusal: a stable reason, a sentence the caller can act on, and the figures behind it. */
export class DomainError extends Error {
  readonly reason: Reason;
  readonly details: RefusalDetails;
  readonly [BRAND] = true;

  /** A bundler may load this module twice in one process; `instanceof` must recognise the errors of both copies. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  constructor(reason: Reason, message: string, details: RefusalDetails = {}) {
    super(message);
    this.name = 'DomainError';
    this.reason = reason;
    this.details = details;
  }

  get code(): ReasonCode {
    return CODE_OF_REASON[this.reason];
  }
}

/** 413: a body larger than the limit. */
export class TooLarge extends DomainError {
  constructor(message: string) {
    super('INVALID_INPUT', message);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof DomainError && value.code === 'PAYLOAD_TOO_LARGE';
  }

  override get code(): ReasonCode {
    return 'PAYLOAD_TOO_LARGE';
  }
}

/** Returns the 404 of everything that does not exist or belongs to another account. */
export const notFound = (what: string): DomainError =>
  new DomainError('NOT_FOUND', `There is no such ${what}, or it is not yours.`);

/** Returns the 503 for an unreachable PostgreSQL, with a more specific sentence if one is given. */
export const quotaUnavailable = (
  sentence = 'Our database cannot be reached right now. Try again in a moment; first check whether your change was made.',
): DomainError => new DomainError('QUOTA_UNAVAILABLE', sentence);
