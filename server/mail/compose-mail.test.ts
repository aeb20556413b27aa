import { describe, expect, it } from 'vitest';
import { composeMail } from './compose-mail';
import type { MailFacts, MailKind } from './kinds';
import { writeEmail } from './write-email';

const AT = '2026-12-04T00:00:00.000Z';
const news = (threshold: number, period: string) => ({ threshold, planName: 'Pro', period });
const failed = { amount: 1900, currency: 'usd', nextAttemptAt: AT, keepsPlanUntil: AT };
const ended = { planName: 'Pro', to: 'Free', owed: { amount: 1900, currency: 'usd' } };

const EMAILS: [MailKind, MailFacts[MailKind], string, RegExp][] = [
  ['quota.threshold', news(80, '2026-11'), '/usage', /80 % of the compute quota of your Pro plan/],
  ['quota.threshold', news(95, '2026-11'), '/usage', /95 % of the compute quota/],
  ['quota.threshold', { ...news(95, '2026-11'), percent: 99.8 }, '/usage', /^99\.8 % of the compute quota/],
  ['quota.threshold', news(100, '2026-11'), '/plans', /wait for the first of the month/],
  ['quota.threshold', news(100, 'trial'), '/plans', /not renewed by a new month/],
  ['session.stopped', { sessionName: '<b>my “work”</b>' }, '/plans', /my “work”/],
  ['plan.changed', { from: 'Free', to: 'Pro' }, '/billing', /from Free to Pro/],
  ['payment.failed', failed, '/billing/pay', /\$19\.00 [\s\S]*until 4 December 2026 at 00:00/],
  ['payment.failed', { ...failed, amount: 1900, currency: 'jpy' }, '/billing/pay', /¥1,900/],
  [
    'subscription.ended',
    ended,
    '/plans',
    /ended at once[\s\S]*on Free now[\s\S]*invoice of \$19\.00 is void/,
  ],
  ['subscription.ended', { ...ended, owed: null }, '/plans', /Nothing more is charged/],
  [
    'payment.refunded',
    { amount: 1900, currency: 'usd' },
    '/billing',
    /\$19\.00 for a subscription that had ended/,
  ],
  [
    'pack.bought',
    { name: '10 hours', amount: 400, currency: 'usd', endsAt: AT },
    '/usage',
    /\$4\.00 for a pack of 10 hours[\s\S]*until 4 December 2026 at 00:00/,
  ],
  [
    'pack.reduced',
    { name: '10 hours', refunded: 200, currency: 'usd', disputed: false, isOver: false },
    '/usage',
    /\$2\.00 for your pack of 10 hours went back/,
  ],
  [
    'pack.reduced',
    { name: '10 hours', refunded: 0, currency: 'usd', disputed: true, isOver: true },
    '/usage',
    /is disputed/,
  ],
  ['subscription.cancelled', { planName: 'Pro', endsAt: AT }, '/billing', /until 4 December 2026 at 00:00/],
  [
    'subscription.cancelled',
    { planName: 'Pro', endsAt: AT, isRenewed: true },
    '/billing',
    /ends on 4 December[\s\S]*charged as before/,
  ],
  [
    'card.expiring',
    { last4: '4242', expires: '11/26', chargeAt: AT },
    '/billing',
    /•••• 4242, expires at the end of 11\/26[\s\S]*4 December 2026/,
  ],
];

describe('emails', () => {
  it.each(EMAILS)(
    'ACCOUNT-9 BILLING-29 %s with %j has one link, to %s, in text and in HTML',
    (kind, facts, path, words) => {
      const url = `https://hourglass.test${path}`;
      const content = composeMail(kind, facts as never, 'https://hourglass.test');
      const { subject, text, html } = writeEmail({ to: 'ada@hourglass.test', ...content });
      expect(subject).not.toBe('');
      expect(text).toMatch(words);
      expect(text.match(/https?:\/\/\S+/g)).toEqual([url]);
      expect([...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1])).toEqual([url]);
      expect(html.match(/https?:\/\//g)).toHaveLength(1);
      for (const paragraph of content.paragraphs) expect(text).toContain(paragraph);
      // Names chosen by users are escaped.
      expect(html).not.toMatch(/<b>|<script/);
    },
  );
});
