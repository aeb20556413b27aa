import { createHmac } from 'node:crypto';
import { APIError } from 'better-auth/api';
import { symmetricDecrypt } from 'better-auth/crypto';
import { TWO_FACTOR_ERROR_CODES } from 'better-auth/plugins/two-factor';
import type { Row } from '@/db/rows';
import type { authSecondFactor } from '@/db/schema/auth';
import type { Instant } from '../clock';
import type { Ctx } from '../context';
import { encryptionKeys } from './auth-secrets';

const STEP_MS = 30_000;

/**
 * Uses up the 30-second step of a code, so that an observed code cannot sign in again: the sign-in library accepts one
 * repeatedly for 90 seconds. A code of no step is left to the library, which refuses and counts it. Throws
 * INVALID_CODE.
 */
export async function takeCodeOnce(
  { sql, env, clock }: Pick<Ctx, 'sql' | 'env' | 'clock'>,
  userId: string,
  code: string,
): Promise<void> {
  const [factor] = await sql<Pick<Row<typeof authSecondFactor>, 'id' | 'secret'>[]>`
    select id, secret from auth_second_factor where user_id = ${userId}`;
  if (!factor) return;
  const key = await symmetricDecrypt({ key: encryptionKeys(env.AUTH_SECRET), data: factor.secret }).catch(
    () => null,
  );
  const step = key === null ? null : stepOf(key, code, clock.now());
  if (step === null) return;
  // One statement, so that of two concurrent uses of a code one finds the step used.
  const taken = await sql`
    update auth_second_factor set last_step = ${step} where id = ${factor.id} and last_step < ${step} returning 1`;
  if (taken.length === 0) throw APIError.from('UNAUTHORIZED', TWO_FACTOR_ERROR_CODES.INVALID_CODE);
}

/** Returns the step of a code, among those the library accepts; null for none. */
function stepOf(key: string, code: string, now: Instant): number | null {
  const current = Math.floor(now / STEP_MS);
  return [current + 1, current, current - 1].find((step) => codeAt(key, step) === code) ?? null;
}

/** Returns the six digits of a step (RFC 6238 with SHA-1). */
function codeAt(key: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac('sha1', key).update(counter).digest();
  const offset = (hash.at(-1) ?? 0) & 15;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
