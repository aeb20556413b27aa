import type { Json } from '../schema/fill';

/** A refusal, sent as `{error: …}` in the form that the SDK expects. */
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
    /** The request never reached its endpoint, so its response is not stored under the idempotency key. */
    readonly beforeRun = false,
  ) {
    super(error.message);
  }
}

/** Returns a 400 invalid_request_error. */
export function refuse(message: string, param?: string, code?: string): Failure {
  return new Failure(400, {
    type: 'invalid_request_error',
    message,
    ...(code ? { code } : {}),
    ...(param ? { param } : {}),
  });
}

/** Returns a 404 resource_missing with real Stripe's message. */
export function missing(kind: string, id: string, param = 'id'): Failure {
  const message = `No such ${kind}: '${id}'`;
  return new Failure(404, { type: 'invalid_request_error', code: 'resource_missing', message, param });
}

/** Returns the 400, not 404, for an unknown id in a request's parameters. */
export function missingParam(kind: string, id: string, param: string): Failure {
  return refuse(`No such ${kind}: '${id}'`, param, 'resource_missing');
}

/** Returns the refusal of a parameter that only real Stripe supports. Such parameters are never ignored. */
export function notHere(param: string): Failure {
  return refuse(`The local Stripe does not support ${param}.`, param, 'local_stripe_unsupported');
}

/** Returns a 402 card_error. */
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
