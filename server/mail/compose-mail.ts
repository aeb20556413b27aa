import { KEPT } from '../kept';
import type { MailFacts, MailKind } from './kinds';
import type { EmailContent } from './write-email';

type Content = Omit<EmailContent, 'to' | 'footnote'>;

/** The text of each email: a few plain sentences and one link to this app, never to the payment provider. */
const WRITERS: { [K in MailKind]: (facts: MailFacts[K], appUrl: string) => Content } = {
  'quota.threshold': ({ threshold, percent, planName, period }, appUrl) =>
    threshold === 100
      ? {
          subject: 'Your compute quota is used up',
          paragraphs: [
            `The compute quota of your ${planName} plan is used up. Running sessions have been stopped. ${KEPT}`,
            period === 'trial'
              ? 'A trial is not renewed by a new month. You can go on at once with a plan or a pack.'
              : 'You can go on at once with a bigger plan or a pack, or wait for the first of the month (00:00 UTC).',
          ],
          action: { label: 'See the plans', url: `${appUrl}/plans` },
        }
      : {
          subject: `${percent ?? threshold} % of your compute quota is used`,
          paragraphs: [`${percent ?? threshold} % of the compute quota of your ${planName} plan is used.`],
          action: { label: 'See your usage', url: `${appUrl}/usage` },
        },
  'session.stopped': ({ sessionName }, appUrl) => ({
    subject: `“${sessionName}” was stopped: quota used up`,
    paragraphs: [
      `Your session “${sessionName}” was stopped because the compute quota is used up. ${KEPT}`,
      'With a bigger plan or a pack you can start it again at once.',
    ],
    action: { label: 'See the plans', url: `${appUrl}/plans` },
  }),
  'plan.changed': ({ from, to }, appUrl) => ({
    subject: `Your plan is now ${to}`,
    paragraphs: [`Your plan changed from ${from} to ${to}. It is in force now.`],
    action: { label: 'Open billing', url: `${appUrl}/billing` },
  }),
  'payment.failed': ({ amount, currency, nextAttemptAt, keepsPlanUntil }, appUrl) => ({
    subject: 'A payment failed',
    paragraphs: [
      `We could not charge ${moneyText(amount, currency)} for your plan.`,
      ...(keepsPlanUntil ? [`Your plan stays in force until ${dayText(keepsPlanUntil)} (UTC).`] : []),
      ...(nextAttemptAt ? [`The card is tried again on ${dayText(nextAttemptAt)} (UTC).`] : []),
    ],
    action: { label: 'Pay now', url: `${appUrl}/billing/pay` },
  }),
  'subscription.ended': ({ planName, to, owed }, appUrl) => ({
    subject: `Your ${planName} subscription has ended`,
    paragraphs: [
      `Your ${planName} subscription ended at once, because its payment was not made. You are on ${to} now. ${KEPT}`,
      owed
        ? `The open invoice of ${moneyText(owed.amount, owed.currency)} is void: it need not be paid, and nothing more is charged.`
        : 'Nothing more is charged.',
      'You can choose a plan again at any time.',
    ],
    action: { label: 'See the plans', url: `${appUrl}/plans` },
  }),
  'payment.refunded': ({ amount, currency }, appUrl) => ({
    subject: 'A payment was refunded',
    paragraphs: [
      `We received ${moneyText(amount, currency)} for a subscription that had ended, so it gave you nothing. The whole amount goes back the way it was paid; banks take a few days.`,
      'For more time choose a plan.',
    ],
    action: { label: 'Open billing', url: `${appUrl}/billing` },
  }),
  'pack.bought': ({ name, amount, currency, endsAt }, appUrl) => ({
    subject: `Your pack of ${name} is ready`,
    paragraphs: [
      `We received ${moneyText(amount, currency)} for a pack of ${name}. It is used after the quota of each month, until ${dayText(endsAt)} (UTC).`,
      'Running sessions simply go on, and you can start more at once.',
    ],
    action: { label: 'See your usage', url: `${appUrl}/usage` },
  }),
  'pack.reduced': ({ name, refunded, currency, disputed, isOver }, appUrl) => ({
    subject: disputed ? `Your pack of ${name} has ended` : `Your pack of ${name} is refunded`,
    paragraphs: [
      disputed
        ? `The payment for your pack of ${name} is disputed, so what was left of it cannot be used. ${KEPT}`
        : `${moneyText(refunded, currency)} for your pack of ${name} went back to you, and the time it paid for with it${isOver ? '; nothing of the pack is left' : ''}. ${KEPT}`,
    ],
    action: { label: 'See your usage', url: `${appUrl}/usage` },
  }),
  'card.expiring': ({ last4, expires, chargeAt }, appUrl) => ({
    subject: 'Your card expires before the next payment',
    paragraphs: [
      `The card that pays for your plan, •••• ${last4}, expires at the end of ${expires}. The next payment is on ${dayText(chargeAt)} (UTC).`,
      'Change the card before that, and nothing is interrupted.',
    ],
    action: { label: 'Change card', url: `${appUrl}/billing` },
  }),
  'subscription.cancelled': ({ planName, endsAt, isRenewed }, appUrl) => ({
    subject: 'Your cancellation is noted',
    paragraphs: [
      isRenewed
        ? `Your ${planName} plan ends on ${dayText(endsAt)} (UTC). Until then it is renewed and charged as before, and you can take this back.`
        : `Your ${planName} plan stays in force until ${dayText(endsAt)} (UTC) and is not renewed. Until then you can take this back.`,
    ],
    action: { label: 'Open billing', url: `${appUrl}/billing` },
  }),
  'key.expires': ({ keyName, prefix, expiresAt }, appUrl) => ({
    subject: `Your API key “${keyName}” expires soon`,
    paragraphs: [
      `The API key “${keyName}” (${prefix}…) expires on ${dayText(expiresAt)} (UTC). Requests with it are refused from then on.`,
      'Create a new one and give it to the programs that use this one.',
    ],
    action: { label: 'Open settings', url: `${appUrl}/settings` },
  }),
};

/** Returns the text of one email. Pure. */
export function composeMail<K extends MailKind>(kind: K, facts: MailFacts[K], appUrl: string): Content {
  return WRITERS[kind](facts, appUrl);
}

const dayText = (iso: string): string => {
  const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  return format.format(new Date(iso));
};

/** Formats an amount of minor units in its currency; some currencies have no minor units. */
function moneyText(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: currency.toUpperCase() });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}
