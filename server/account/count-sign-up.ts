import { type Ctx, inTx } from '../context';
import { DomainError } from '../errors';
import type { SignUpRefusal } from '../http/rate';
import { queueNote } from '../mail/queue-note';
import { metrics } from '../metrics';
import { refuseThrowAway } from './refuse-throw-away';

type CountCtx = Pick<Ctx, 'sql' | 'log' | 'env' | 'rates'>;

const SENTENCES = {
  address: 'Too many people signed up from your address today.',
  network: 'Too many people signed up from your network today.',
  installation: 'Too many people signed up today.',
};

/**
 * Counts one sign-up. Throws INVALID_INPUT for a throw-away address, and RATE_LIMITED past the limit of the network
 * address, its network or the installation; the last one raises an alarm.
 */
export async function countSignUp(
  ctx: CountCtx,
  { email, address }: { email: string; address: string },
): Promise<void> {
  await refuseThrowAway(email).catch((error) => {
    metrics.signUpsRefused.inc({ reason: 'throw_away' });
    throw error;
  });
  const refused = await ctx.rates.takeSignUp(address);
  if (!refused) return;
  metrics.signUpsRefused.inc({ reason: refused.limit });
  if (refused.limit === 'installation') await raiseAlarm(ctx, refused);
  const { limit, retryAfterSeconds } = refused;
  throw new DomainError('RATE_LIMITED', `${SENTENCES[limit]} Try again in ${retryAfterSeconds} s.`, {
    retryAfterSeconds,
  });
}

/** Writes to the log, and one note per day to the operator. */
async function raiseAlarm(ctx: CountCtx, { retryAfterSeconds }: SignUpRefusal): Promise<void> {
  const perDay = ctx.env.SIGNUP_RATE_PER_DAY;
  ctx.log.error(
    { perDay, retryAfterSeconds },
    'sign-ups are refused: the limit of the installation is reached',
  );
  await inTx(ctx as Ctx, async (tx) => {
    const [{ day = '' } = {}] = await tx.sql<{ day: string }[]>`
      select to_char(hg_clock() at time zone 'UTC', 'YYYY-MM-DD') as day`;
    await queueNote(tx, {
      kind: 'sign_ups',
      accountId: null,
      cause: `sign-ups:${day}`,
      subject: `Sign-ups are refused since ${day}`,
      body: [
        `This installation takes ${perDay} sign-ups a day, and more than these were tried on ${day}. Further ones are refused, about ${Math.ceil(retryAfterSeconds / 3600)} h from now.`,
        'If they are people, raise SIGNUP_RATE_PER_DAY. If they are not, SIGNUP_MODE=approval lets nobody in unseen; hourglass_free_seconds shows what new accounts use.',
      ].join('\n\n'),
    });
  });
}
