import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAccount, createWorld, type World } from '@/test/world';
import { inTx } from '../context';
import { newId } from '../ids';
import { deliverMail } from './deliver-mail';
import { type QueuedMail, queueMail } from './queue-mail';
import { readRefusalToken, refusalToken, refuseMail } from './refuse-mail';
import type { Email, Mail } from './send';

let world: World;
let accountId: string;
let users: string[];

beforeEach(async () => {
  world = await createWorld({ startAt: Date.parse('2026-11-24T12:00:00Z') });
  accountId = await createAccount(world);
  users = [await owner('ada'), await owner('bob')];
});
afterEach(() => world.close());

async function owner(name: string): Promise<string> {
  const id = newId();
  await world.ctx
    .sql`insert into auth_user (id, name, email) values (${id}, ${name}, ${`${name}@hourglass.test`})`;
  await world.ctx.sql`insert into member (account_id, user_id, role) values (${accountId}, ${id}, 'owner')`;
  return id;
}

/** A mail server that records what it accepts and refuses the first `refusals` emails. */
function server(refusals = 0): Mail & { sent: Email[] } {
  const sent: Email[] = [];
  let left = refusals;
  return {
    sent,
    send: async (message) => {
      if (left-- > 0) throw new Error('421 come back later');
      sent.push(message);
    },
    close: () => {},
  };
}

const failed = (cause: string): QueuedMail<'payment.failed'> => ({
  accountId,
  kind: 'payment.failed',
  cause,
  facts: { amount: 1900, currency: 'usd', nextAttemptAt: null, keepsPlanUntil: '2026-12-04T00:00:00.000Z' },
});
const news = (threshold: number): QueuedMail<'quota.threshold'> => ({
  accountId,
  kind: 'quota.threshold',
  cause: `quota:${threshold}`,
  facts: { threshold, planName: 'Free', period: '2026-11' },
});
const queue = (mail: QueuedMail) => inTx(world.ctx, (tx) => queueMail(tx, mail));

describe('emails', () => {
  it('ACCOUNT-9 one cause makes one email to each owner, however often it is queued and however many workers deliver', async () => {
    await Promise.all(Array.from({ length: 20 }, () => queue(failed('invoice-1'))));
    const mail = server();
    await Promise.all([1, 2, 3].map(() => deliverMail(world.ctx, mail)));
    expect(mail.sent.map((message) => message.to).sort()).toEqual([
      'ada@hourglass.test',
      'bob@hourglass.test',
    ]);
    expect(mail.sent[0]?.subject).toBe('A payment failed');
    expect(mail.sent[0]?.text).toContain('$19.00');
    expect(mail.sent[0]?.text.match(/https?:\/\/\S+/g)).toEqual(['http://localhost:3000/billing/pay']);
    expect(await deliverMail(world.ctx, mail)).toBe(0);
  });

  it('ACCOUNT-9 a refused email is retried later, and each email is sent once', async () => {
    await queue(failed('invoice-2'));
    const mail = server(3);
    for (let pass = 0; pass < 6; pass++) {
      await deliverMail(world.ctx, mail);
      await world.advance(300_000);
    }
    expect(mail.sent.map((message) => message.to).sort()).toEqual([
      'ada@hourglass.test',
      'bob@hourglass.test',
    ]);
  });

  it('ACCOUNT-9 an email of a worker that died is sent by the next worker, under the same message id', async () => {
    await queue(failed('invoice-3'));
    const dying: Mail = { send: () => new Promise(() => {}), close: () => {} };
    void deliverMail(world.ctx, dying);
    await expect
      .poll(async () => (await world.ctx.sql`select 1 from mail where attempts = 1`).length)
      .toBe(2);
    const mail = server();
    expect(await deliverMail(world.ctx, mail)).toBe(0);
    await world.advance(121_000);
    expect(await deliverMail(world.ctx, mail)).toBe(2);
    expect(new Set(mail.sent.map((message) => message.messageId)).size).toBe(2);
  });

  it('ACCOUNT-9 a mail server that is slow with one email does not keep the others of its batch', async () => {
    await Promise.all(Array.from({ length: 4 }, (_, n) => queue(failed(`invoice-${n}`))));
    let release = () => {};
    const slow = new Promise<void>((done) => {
      release = done;
    });
    let count = 0;
    const mail: Mail = {
      send: async () => {
        count += 1;
        if (count === 1) await slow;
        // All eight are sent while the first one is still in progress.
        if (count === 8) release();
      },
      close: () => {},
    };
    expect(await deliverMail(world.ctx, mail)).toBe(8);
  });

  it('ACCOUNT-9 an email that is always refused is given up, and its row records the error', async () => {
    await queue(failed('invoice-4'));
    for (let pass = 0; pass < 25; pass++) {
      await deliverMail(world.ctx, server(99));
      await world.advance(3_700_000);
    }
    const rows = await world.ctx.sql`select attempts, due_at, error from mail`;
    expect(rows[0]).toMatchObject({ attempts: 20, due_at: null, error: '421 come back later' });
  });

  it('ACCOUNT-9 news about quota can be unsubscribed and resubscribed; emails about money are always sent', async () => {
    const { AUTH_SECRET } = world.ctx.env;
    const token = refusalToken(AUTH_SECRET, users[0] ?? '');
    expect(readRefusalToken(AUTH_SECRET, token)).toBe(users[0]);
    for (const bad of ['', '.', `${users[1]}.${token.split('.')[1]}`, `${token}x`, users[0] ?? '']) {
      expect(readRefusalToken(AUTH_SECRET, bad), bad).toBeNull();
    }
    await refuseMail(world.ctx, users[0] ?? '', false);
    await queue(news(80));
    await queue(failed('invoice-5'));
    const mail = server();
    await deliverMail(world.ctx, mail);
    const got = (who: string) =>
      mail.sent.filter((message) => message.to.startsWith(who)).map((l) => l.subject);
    expect(got('ada')).toEqual(['A payment failed']);
    expect(got('bob')).toEqual(['80 % of your compute quota is used', 'A payment failed']);
    const message = mail.sent.find((one) => one.subject.startsWith('80'));
    const [, refusal] = message?.text.match(/https?:\/\/\S+/g) ?? [];
    expect(refusal).toContain(`token=${encodeURIComponent(refusalToken(AUTH_SECRET, users[1] ?? ''))}`);
    expect(message?.headers?.['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click');
    expect(mail.sent.find((one) => one.subject === 'A payment failed')?.headers).toBeUndefined();
    expect(message?.headers?.['List-Unsubscribe']).toContain('/mail/unsubscribe?token=');
    await refuseMail(world.ctx, users[0] ?? '', true);
    await queue(news(95));
    await deliverMail(world.ctx, mail);
    expect(got('ada')).toContain('95 % of your compute quota is used');
  });
});
