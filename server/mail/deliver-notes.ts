import type { Ctx } from '../context';
import { metrics } from '../metrics';
import type { Mail } from './send';
import { writeEmail } from './write-email';

type Due = { id: string; reply_to: string | null; subject: string; body: string; attempts: number };

const CONCURRENCY = 20;
/** How long a worker's claim on a note lasts. */
const CLAIM_MS = 120_000;
const MOST_ATTEMPTS = 20;
const LONGEST_PAUSE_MS = 3_600_000;

/**
 * Sends the notes to the operator; returns how many were sent. Without SUPPORT_EMAIL they stay queued. A failed note is
 * retried with growing pauses.
 */
export async function deliverNotes(ctx: Ctx, mail: Mail): Promise<number> {
  const to = ctx.env.SUPPORT_EMAIL;
  if (!to) return 0;
  const due = await ctx.sql<Due[]>`
    update operator_note set due_at = hg_clock() + ${CLAIM_MS} * interval '1 ms', attempts = attempts + 1
    where id in (select id from operator_note where due_at <= hg_clock() order by due_at limit ${CONCURRENCY}
      for update skip locked)
    returning id, reply_to, subject, body, attempts`;
  let sent = 0;
  for (const note of due) {
    try {
      await mail.send({
        ...writeEmail({ to, subject: note.subject, paragraphs: note.body.split(/\n{2,}/) }),
        messageId: `<${note.id}@${new URL(ctx.env.APP_URL).hostname}>`,
        ...(note.reply_to ? { replyTo: note.reply_to } : {}),
      });
      sent += 1;
      await ctx.sql`update operator_note set sent_at = hg_clock(), due_at = null, error = null where id = ${note.id}`;
    } catch (error) {
      await postpone(ctx, note, error);
    }
  }
  return sent;
}

async function postpone(ctx: Ctx, { id, attempts }: Due, error: unknown): Promise<void> {
  const text = error instanceof Error ? error.message : String(error);
  const givenUp = attempts >= MOST_ATTEMPTS;
  const pauseMs = Math.min(60_000 * 2 ** Math.min(attempts - 1, 10), LONGEST_PAUSE_MS);
  await ctx.sql`
    update operator_note set error = ${text.slice(0, 500)},
      due_at = ${givenUp ? null : ctx.sql`hg_clock() + ${pauseMs} * interval '1 ms'`}
    where id = ${id}`;
  metrics.mailFailures.inc({ outcome: givenUp ? 'given_up' : 'again' });
  ctx.log[givenUp ? 'error' : 'warn']({ err: error, note: id }, 'a note to the operator could not be sent');
}
