import { type Ctx, inTx } from '../context';
import { DomainError } from '../errors';
import { newId } from '../ids';
import { queueNote } from '../mail/queue-note';
import { holdAccount } from '../quota/load-account';

type SupportInput = {
  accountId: string;
  userId: string;
  message: string;
  /** The subject, such as the id of a plan. */
  about?: string;
};

const MOST_PER_HOUR = 5;
const HOUR_SECONDS = 3_600;

/**
 * Queues a user's message to SUPPORT_EMAIL; replies go to the user's address. Throws NOT_FOUND without SUPPORT_EMAIL,
 * and RATE_LIMITED.
 */
export async function writeSupport(ctx: Ctx, input: SupportInput): Promise<{ sent: true }> {
  if (!ctx.env.SUPPORT_EMAIL)
    throw new DomainError('NOT_FOUND', 'This installation has no address to write to.');
  const { accountId, userId, message, about } = input;
  return inTx(ctx, async (tx) => {
    await holdAccount(tx, accountId);
    const [recent] = await tx.sql<{ count: number; wait: number | null }[]>`
      select count(*) as count, ceil(${HOUR_SECONDS} - extract(epoch from hg_clock() - min(created_at)))::int as wait
      from operator_note where account_id = ${accountId} and kind = 'contact'
        and created_at > hg_clock() - ${HOUR_SECONDS} * interval '1 second'`;
    if ((recent?.count ?? 0) >= MOST_PER_HOUR) {
      const retryAfterSeconds = Math.max(1, recent?.wait ?? HOUR_SECONDS);
      throw new DomainError(
        'RATE_LIMITED',
        `You have written ${MOST_PER_HOUR} times within an hour. Try again in ${retryAfterSeconds} s.`,
        { retryAfterSeconds },
      );
    }
    const [from] = await tx.sql<{ email: string; name: string }[]>`
      select email, name from auth_user where id = ${userId}`;
    await queueNote(tx, {
      kind: 'contact',
      accountId,
      cause: `contact:${newId()}`,
      subject: about ? `About ${about}: a message from ${from?.email}` : `A message from ${from?.email}`,
      body: `${message}\n\n${from?.name ?? ''} <${from?.email ?? ''}>, account ${accountId}`,
      replyTo: from?.email,
    });
    return { sent: true as const };
  });
}
