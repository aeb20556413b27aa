import { createTransport } from 'nodemailer';
import type { Env } from '../env';
import type { Log } from '../log';

export type Letter = {
  to: string;
  subject: string;
  text: string;
  html: string;
  messageId?: string;
  headers?: Record<string, string>;
};

export type Mail = {
  /** Sends one letter; throws when the mail server refuses or cannot be reached. */
  send(letter: Letter): Promise<void>;
  close(): void;
};

const PATIENCE_MS = 10_000;

/** Mail over SMTP; into the log while no mail server is set, so that an installation without one can be used. */
export function openMail(env: Pick<Env, 'SMTP_URL' | 'MAIL_FROM' | 'SUPPORT_EMAIL'>, log: Log): Mail {
  if (!env.SMTP_URL) {
    return {
      send: async (letter) =>
        log.info(
          { to: letter.to, subject: letter.subject, text: letter.text },
          'mail (no mail server is set)',
        ),
      close: () => {},
    };
  }
  const transport = createTransport({
    url: env.SMTP_URL,
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
  });
  const from = env.MAIL_FROM ?? 'Hourglass <no-reply@localhost>';
  return {
    send: async (letter) => {
      await transport.sendMail({
        from,
        ...(env.SUPPORT_EMAIL ? { replyTo: env.SUPPORT_EMAIL } : {}),
        ...letter,
      });
    },
    close: () => transport.close(),
  };
}
