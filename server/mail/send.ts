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
  /** The address to reply to; SUPPORT_EMAIL by default. */
  replyTo?: string;
};

export type Mail = {
  /** Sends one email. Throws when the mail server refuses it or is unreachable. */
  send(message: Email): Promise<void>;
  close(): void;
};

const TIMEOUT_MS = 10_000;

/**
 * Opens mail over SMTP. Without SMTP_URL emails are written to the log, so that an installation works without a mail
 * server.
 */
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
