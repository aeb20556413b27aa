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
 * Takes the step of 30 seconds that a code belongs to, so that the same code, seen over a shoulder or on the wire, signs in
 * nobody else: the sign-in library takes one for a minute and a half, as often as it is given. A code of no step is left to
 * the library, which refuses and counts it. Throws INVALID_CODE.
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
  // One statement: of two that give the same code at once one finds the step taken.
  const taken = await sql`
    update auth_second_factor set last_step = ${step} where id = ${factor.id} and last_step < ${step} returning 1`;
  if (taken.length === 0) throw APIError.from('UNAUTHORIZED', TWO_FACTOR_ERROR_CODES.INVALID_CODE);
}

/** Returns the step whose code this is, of those the library takes; null for none. */
function stepOf(key: string, code: string, now: Instant): number | null {
  const current = Math.floor(now / STEP_MS);
  return [current + 1, current, current - 1].find((step) => codeAt(key, step) === code) ?? null;
}

/** The six digits of a step (RFC 6238 with SHA-1). */
function codeAt(key: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac('sha1', key).update(counter).digest();
  const offset = (hash.at(-1) ?? 0) & 15;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
