import { APIError } from 'better-auth/api';
import { DomainError } from '../errors';

/** Runs a check; rethrows its refusal as an error of the sign-in library with the same reason and sentence. */
export async function refusing(check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const body = { code: error.reason, message: error.message };
    if (error.reason !== 'RATE_LIMITED') throw new APIError(error.code as 'FORBIDDEN', body);
    const headers = { 'Retry-After': String(error.details.retryAfterSeconds ?? 60) };
    throw new APIError('TOO_MANY_REQUESTS', body, headers);
  }
}
