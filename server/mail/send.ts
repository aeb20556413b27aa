import { createTransport } from 'nodemailer';
import type { Env } from '../env';
import type { Log } from '../log';

export type Email = {
  to: string;
  subject: string;
  text: string;
  html: string;
  messageId?: string;
  headers?: Record<string, string>;
  /** Who is answered; by default SUPPORT_EMAIL. */
  replyTo?: string;
};

export type Mail = {
  /** Sends one email; throws when the mail server refuses or cannot be reached. */
  send(message: Email): Promise<void>;
  close(): void;
};

const TIMEOUT_MS = 10_000;

/** Mail over SMTP; into the log while no mail server is set, so that an installation without one can be used. */
export function openMail(env: Pick<Env, 'SMTP_URL' | 'MAIL_FROM' | 'SUPPORT_EMAIL'>, log: Log): Mail {
  if (!env.SMTP_URL) {
    return {
      send: async (message) =>
        log.info(
          { to: message.to, subject: message.subject, text: message.text },
          'mail (no mail server is set)',
        ),
      close: () => {},
    };
  }
  const transport = createTransport({
    url: env.SMTP_URL,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  });
  const from = env.MAIL_FROM ?? 'Hourglass <no-reply@localhost>';
  return {
    send: async (message) => {
      await transport.sendMail({
        from,
        ...(env.SUPPORT_EMAIL ? { replyTo: env.SUPPORT_EMAIL } : {}),
        ...message,
      });
    },
    close: () => transport.close(),
  };
}
