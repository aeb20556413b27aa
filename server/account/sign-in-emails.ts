import type { Env } from '../env';
import type { Log } from '../log';
import type { Mail } from '../mail/send';
import { type EmailContent, writeEmail } from '../mail/write-email';

export type EmailDeps = { mail: Mail; log: Log; env: Env };

const NOT_YOU = 'If you did not ask for this, nothing has changed and you can ignore this email.';
const NOT_YOU_DONE =
  'If this was not you, choose a new password at once: that ends all your sign-ins and API keys.';

type Send = (content: EmailContent) => void;
type Ask = (to: string, subject: string, paragraph: string, url: string) => void;

/**
 * The emails of sign-in. A failing mail server is logged and never stops a sign-up. No response waits for an email,
 * because its duration would reveal whether an address is known.
 */
export function signInEmails({ mail, log, env }: EmailDeps) {
  const send: Send = (content) =>
    void mail
      .send(writeEmail(content))
      .catch((error) => log.error({ err: error, subject: content.subject }, 'an email could not be sent'));
  const ask: Ask = (to, subject, paragraph, url) =>
    send({ to, subject, paragraphs: [paragraph], action: { label: subject, url }, footnote: NOT_YOU });
  return { ...proofs(ask, env), ...moves(ask, send, env), ...notices(send, env) };
}

export type SignInEmails = ReturnType<typeof signInEmails>;

/** Emails that prove an address. */
const proofs = (ask: Ask, env: Env) => ({
  newPassword: (to: string, url: string) =>
    ask(
      to,
      'Choose a new password',
      'Someone asked for a new password for this address. The link works for one hour. A new password ends all API keys and sign-ins made before.',
      url,
    ),
  /** `goOn`: the path the user requested before signing up. */
  confirmAddress: (to: string, token: string, goOn: string | null = null) =>
    ask(
      to,
      'Confirm your address',
      'Welcome to Hourglass. Confirm this address to start sessions and make API keys. The link works for one hour.',
      `${env.APP_URL}/confirm-address?token=${token}${goOn === null ? '' : `&next=${encodeURIComponent(goOn)}`}`,
    ),
});

/** Emails of a change of address. */
const moves = (ask: Ask, send: Send, env: Env) => ({
  confirmMove: (to: string, newEmail: string, token: string) =>
    ask(
      to,
      'Move your account to another address',
      `Someone who is signed in to your account asked to move it to ${newEmail}. Confirm it here, and that address gets an email too. The link works for one hour.`,
      `${env.APP_URL}/new-address?token=${token}`,
    ),
  proveAddress: (to: string, token: string) =>
    ask(
      to,
      'Confirm your new address',
      'Confirm that this address is yours, in the browser where you are signed in to your Hourglass account. The link works for one hour.',
      `${env.APP_URL}/new-address?token=${token}`,
    ),
  hasAccount: (to: string) =>
    send({
      to,
      subject: 'You have an account already',
      paragraphs: [
        'Someone, perhaps you, wanted to use this address for a Hourglass account. It has one already: sign in with it, or choose a new password.',
      ],
      action: { label: 'Sign in', url: `${env.APP_URL}/sign-in` },
      footnote: NOT_YOU,
    }),
  addressChanged: (to: string, newEmail: string) =>
    send({
      to,
      subject: 'Your address was changed',
      paragraphs: [
        `Your Hourglass account belongs to ${newEmail} now, as was confirmed from this address. Emails go there.`,
      ],
      footnote: env.SUPPORT_EMAIL
        ? `If this was not you, write to ${env.SUPPORT_EMAIL} at once.`
        : 'If this was not you, tell the operator of this installation at once.',
    }),
});

/** Notices of changes that the reader may not have made. */
const notices = (send: Send, env: Env) => ({
  secondFactorRemoved: (to: string) =>
    send({
      to,
      subject: 'Your second factor was removed',
      paragraphs: ['Signing in to Hourglass now needs your password alone.'],
      action: { label: 'Choose a new password', url: `${env.APP_URL}/forgot-password` },
      footnote: NOT_YOU_DONE,
    }),
});
