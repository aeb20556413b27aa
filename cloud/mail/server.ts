import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { listen, type StartedPart } from '../http';
import { type Mail, MailStore } from './store';

export interface StartedMail extends StartedPart {
  store: MailStore;
}

/**
 * Starts an SMTP server that accepts every email, from any sender to any recipient, and stores the email instead of
 * delivering it.
 */
export async function startMail(options: { port: number; stateDir: string }): Promise<StartedMail> {
  const store = new MailStore(join(options.stateDir, 'mail'));
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    size: 10 * 1024 * 1024,
    onAuth: (_auth, _session, done) => done(null, { user: 'anyone' }),
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : '';
        readMail(Buffer.concat(parts), from, to).then((mail) => {
          store.add(mail);
          done();
        }, done);
      });
    },
  });
  smtp.on('error', (error) => process.stderr.write(`SMTP: ${error.message}\n`));
  const port = await listen(smtp.server, options.port, 'SMTP', 'CLOUD_SMTP_PORT');
  return { port, store, close: () => new Promise((done) => smtp.close(() => done())) };
}

async function readMail(raw: Buffer, from: string, to: string[]): Promise<Omit<Mail, 'id'>> {
  const parsed = await PostalMime.parse(raw);
  return {
    from,
    to,
    replyTo: (parsed.replyTo ?? []).flatMap(({ address }) => address ?? []),
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html ?? '',
    at: Date.now(),
  };
}
