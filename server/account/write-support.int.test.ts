import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingWorld } from '@/test/billing';
import { deliverNotes } from '../mail/deliver-notes';
import type { Email } from '../mail/send';
import { createCaller } from '../router';
import { writeSupport } from './write-support';

const SUPPORT = 'support@hourglass.test';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z', { SUPPORT_EMAIL: SUPPORT });
});
afterEach(() => b.close());

/** A mail server that accepts emails after the given number of refusals. */
function postbox(refusals = 0) {
  const got: Email[] = [];
  let left = refusals;
  const send = async (email: Email) => {
    if (left-- > 0) throw new Error('The mail server is away.');
    got.push(email);
  };
  return { got, mail: { send, close: () => {} } };
}

describe('writing to the operator', () => {
  it('ACCOUNT-80 is kept, emailed once, and answered to whoever wrote', async () => {
    const person = await b.person({ email: 'ada@hourglass.test' });
    const caller = createCaller({ ...b.ctx, actor: person.member } as never);
    expect(await caller.support.write({ message: 'Hello <b>there</b>', about: 'custom' })).toEqual({
      sent: true,
    });
    const { got, mail } = postbox(1);
    expect(await deliverNotes(b.ctx, mail)).toBe(0);
    await b.moveTo('2026-11-24T12:02:00Z');
    expect(await deliverNotes(b.ctx, mail)).toBe(1);
    expect(await deliverNotes(b.ctx, mail)).toBe(0);
    expect(got).toMatchObject([
      { to: SUPPORT, replyTo: 'ada@hourglass.test', subject: expect.stringContaining('custom') },
    ]);
    expect(got[0]?.text).toContain('Hello <b>there</b>');
    expect(got[0]?.html).not.toContain('<b>');
    const [kept] = await b.ctx.sql<
      { body: string }[]
    >`select body from operator_note where account_id = ${person.accountId}`;
    expect(kept?.body).toContain('Hello');
  });

  it('ACCOUNT-80 has a rate for the account', async () => {
    const person = await b.person();
    const write = () => writeSupport(b.ctx, { ...person, message: 'Hello' });
    for (let count = 0; count < 5; count++) await write();
    const refused = await write().catch((error) => error);
    expect(refused).toMatchObject({ reason: 'RATE_LIMITED', details: { retryAfterSeconds: 3600 } });
    await writeSupport(b.ctx, { ...(await b.person()), message: 'Hello' });
    await b.moveTo('2026-11-24T13:00:01Z');
    await write();
  });

  it('ACCOUNT-80 is not offered without an address', async () => {
    const { SUPPORT_EMAIL: _none, ...env } = b.ctx.env;
    const person = await b.person();
    const silent = { ...b.ctx, env: env as typeof b.ctx.env };
    await expect(writeSupport(silent, { ...person, message: 'Hello' })).rejects.toMatchObject({
      reason: 'NOT_FOUND',
    });
    expect(await deliverNotes(silent, postbox().mail)).toBe(0);
  });
});
