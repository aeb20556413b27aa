import type { Ctx } from '../context';
import { metrics } from '../metrics';
import { composeMail } from './compose-mail';
import { isNews, type MailFacts, type MailKind } from './kinds';
import { refusalToken } from './refuse-mail';
import type { Mail } from './send';
import { writeEmail } from './write-email';

type Due = {
  id: string;
  user_id: string;
  kind: MailKind;
  facts: MailFacts[MailKind];
  attempts: number;
  email: string | null;
  refused: boolean;
};

const BATCH_SIZE = 20;
/** Emails sent in parallel: one that hangs delays few others, and a batch ends before its claim expires. */
const CONCURRENCY = 5;
/** How long a worker's claim on an email lasts; longer than the timeouts of the mail server. */
const CLAIM_MS = 120_000;
const MAX_ATTEMPTS = 20;
const MAX_PAUSE_MS = 3_600_000;

/**
 * Sends the emails that are due and returns how many were sent. Safe to run in several workers. A failed email is
 * retried with growing pauses. If the process dies between sending and recording, the email is sent again with the same
 * message id.
 */
export async function deliverMail(ctx: Ctx, mail: Mail): Promise<number> {
  const due = await claim(ctx);
  let sent = 0;
  const lane = async () => {
    for (let message = due.shift(); message; message = due.shift())
      if (await deliver(ctx, mail, message)) sent += 1;
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  return sent;
}

/** Sends one email, or postpones it. Returns whether it was sent. */
async function deliver(ctx: Ctx, mail: Mail, message: Due): Promise<boolean> {
  const isWanted = message.email !== null && !message.refused;
  try {
    if (isWanted) await mail.send(toEmail(ctx, message, message.email as string));
    await ctx.sql`update mail set sent_at = hg_clock(), due_at = null, error = null where id = ${message.id}`;
    return isWanted;
  } catch (error) {
    await postpone(ctx, message, error);
    return false;
  }
}

/** Claims due emails and reads their recipients in one statement, so that only one worker takes each. */
const claim = (ctx: Ctx) => ctx.sql<Due[]>`
  with due as (
    select id from mail where due_at <= hg_clock() order by due_at limit ${BATCH_SIZE} for update skip locked),
  mine as (
    update mail set due_at = hg_clock() + ${CLAIM_MS} * interval '1 ms', attempts = attempts + 1
    where id in (select id from due) returning id, user_id, kind, facts, attempts)
  select m.*, u.email, r.user_id is not null and m.kind = 'quota.threshold' as refused
  from mine m left join auth_user u on u.id = m.user_id left join mail_refusal r on r.user_id = m.user_id
  order by m.id`;

function toEmail(ctx: Ctx, message: Due, to: string) {
  const { APP_URL, AUTH_SECRET } = ctx.env;
  const refuseUrl = `${APP_URL}/mail/unsubscribe?token=${encodeURIComponent(refusalToken(AUTH_SECRET, message.user_id))}`;
  const news = isNews(message.kind);
  return {
    ...writeEmail({
      to,
      ...composeMail(message.kind, message.facts as never, APP_URL),
      footnote: news
        ? `You get this because you use Hourglass. No more news about quota: ${refuseUrl}`
        : undefined,
    }),
    messageId: `<${message.id}@${new URL(APP_URL).hostname}>`,
    headers: news
      ? { 'List-Unsubscribe': `<${refuseUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }
      : undefined,
  };
}

async function postpone(ctx: Ctx, { id, attempts }: Due, error: unknown): Promise<void> {
  const text = error instanceof Error ? error.message : String(error);
  const givenUp = attempts >= MAX_ATTEMPTS;
  const pauseMs = Math.min(60_000 * 2 ** Math.min(attempts - 1, 10), MAX_PAUSE_MS);
  await ctx.sql`
    update mail set error = ${text.slice(0, 500)},
      due_at = ${givenUp ? null : ctx.sql`hg_clock() + ${pauseMs} * interval '1 ms'`}
    where id = ${id}`;
  metrics.mailFailures.inc({ outcome: givenUp ? 'given_up' : 'again' });
  ctx.log[givenUp ? 'error' : 'warn']({ err: error, mail: id, attempts }, 'an email could not be sent');
}
