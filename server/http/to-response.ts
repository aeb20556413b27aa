import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { isDatabaseAway } from '@/db/away';
import { DomainError, quotaUnavailable } from '../errors';
import type { Log } from '../log';

/**
 * Returns the refusal behind an error: the error itself, QUOTA_UNAVAILABLE (503) while PostgreSQL is unreachable, or
 * null for a defect.
 */
export function refusalOf(error: unknown): DomainError | null {
  if (error instanceof DomainError) return error;
  return isDatabaseAway(error) ? quotaUnavailable() : null;
}

/**
 * Returns the response of a route outside tRPC: `{error: {reason, message}}` with the status of its reason. A defect is
 * logged and becomes a 500 `INTERNAL` that reveals none of its text.
 */
export function toResponse(error: unknown, log: Log, facts: Record<string, unknown> = {}): Response {
  const refusal = refusalOf(error);
  if (!refusal || refusal !== error) log.error({ ...facts, err: error }, 'a request failed');
  const { reason, message } = refusal ?? DEFECT;
  const status = refusal ? statusOf(refusal) : 500;
  return Response.json(
    { error: { reason, message } },
    { status, headers: refusal ? headersOf(refusal) : {} },
  );
}

const DEFECT = {
  reason: 'INTERNAL',
  message: 'Something went wrong on our side. It has been recorded; try again in a moment.',
};

/** Returns a refusal in tRPC's envelope, for requests that are refused before any procedure runs. */
export function toTrpcResponse(refusal: DomainError): Response {
  const { code, reason, message } = refusal;
  const status = statusOf(refusal);
  const data = { code, httpStatus: status, reason };
  return Response.json(
    { error: { message, code: TRPC_ERROR_CODES_BY_KEY[code], data } },
    { status, headers: headersOf(refusal) },
  );
}

const statusOf = ({ code }: DomainError): number => getHTTPStatusCodeFromError(new TRPCError({ code }));

/** Returns the headers of a refusal: `Retry-After` in whole seconds, when the refusal has one. */
export function headersOf({ details: { retryAfterSeconds } }: DomainError): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) };
}
