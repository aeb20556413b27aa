import type { Env } from '../env';
import type { Log } from '../log';
import type { Mail } from '../mail/send';
import { type EmailContent, writeEmail } from '../mail/write-email';

export type EmailDeps = { mail: Mail; log: Log; env: Env };

const NOT_YOU = 'If you did not ask for this, nothing has changed and you can ignore this email.';
const NOT_YOU_DONE =
  'If this was not you, choose a new password at once: that ends every sign-in and API key of yours.';

/**
 * The emails of sign-in. A mail server that is away is logged and never stops a sign-up. Nobody waits for it: how long an
 * answer takes would tell whether there is an email, and with it whether an address is known.
 */
export function signInEmails({ mail, log, env }: EmailDeps) {
  const send = (content: EmailContent): void =>
    void mail
      .send(writeEmail(content))
      .catch((error) => log.error({ err: error, subject: content.subject }, 'an email could not be sent'));
  const ask = (to: string, subject: string, paragraph: string, url: string): void =>
    send({ to, subject, paragraphs: [paragraph], action: { label: subject, url }, footnote: NOT_YOU });
  return {
    newPassword: (to: string, url: string) =>
      ask(
        to,
        'Choose a new password',
        'Somebody asked for a new password for this address. The link works for one hour. A new password ends all API keys and sign-ins made before.',
        url,
      ),
    confirmAddress: (to: string, token: string) =>
      ask(
        to,
        'Confirm your address',
        'Welcome to Hourglass. Confirm this address to start sessions and make API keys. The link works for one hour.',
        `${env.APP_URL}/confirm-address?token=${token}`,
      ),
    secondFactorRemoved: (to: string) =>
      send({
        to,
        subject: 'Your second factor was removed',
        paragraphs: ['Signing in to Hourglass asks for your password alone now.'],
        action: { label: 'Choose a new password', url: `${env.APP_URL}/forgot-password` },
        footnote: NOT_YOU_DONE,
      }),
  };
}

export type SignInEmails = ReturnType<typeof signInEmails>;
