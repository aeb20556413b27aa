import type { Json } from '../schema/fill';

/** An answer with `{error: …}`, as the SDK expects every refusal to look. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly error: {
      type: string;
      message: string;
      code?: string;
      param?: string;
      decline_code?: string;
    } & Json,
    /** Parameters that never reached the endpoint are not remembered under the idempotency key. */
    readonly beforeRun = false,
  ) {
    super(error.message);
  }
}

/** 400 invalid_request_error. */
export function refuse(message: string, param?: string, code?: string): Failure {
  return new Failure(400, {
    type: 'invalid_request_error',
    message,
    ...(code ? { code } : {}),
    ...(param ? { param } : {}),
  });
}

/** 404 resource_missing, worded like the real one. */
export function missing(kind: string, id: string, param = 'id'): Failure {
  const message = `No such ${kind}: '${id}'`;
  return new Failure(404, { type: 'invalid_request_error', code: 'resource_missing', message, param });
}

/** A parameter named by a request body that does not exist answers 400, not 404. */
export function missingParam(kind: string, id: string, param: string): Failure {
  return refuse(`No such ${kind}: '${id}'`, param, 'resource_missing');
}

/** A parameter that real Stripe takes and this stand-in does not: said plainly, never ignored. */
export function notHere(param: string): Failure {
  return refuse(`The local Stripe does not support ${param}.`, param, 'local_stripe_unsupported');
}

/** 402 card_error. */
export function declined(
  code: string,
  message: string,
  declineCode: string | null,
  extra: Json = {},
): Failure {
  return new Failure(402, {
    type: 'card_error',
    code,
    message,
    ...(declineCode ? { decline_code: declineCode } : {}),
    ...extra,
  });
}
