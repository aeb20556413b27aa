import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Mail {
  id: string;
  from: string;
  to: string[];
  replyTo: string[];
  subject: string;
  text: string;
  html: string;
  /** Milliseconds since the epoch. */
  at: number;
}

const keep = 500;

/** The last 500 emails, oldest first; one file each. */
export class MailStore {
  private mails: Mail[];
  private next: number;

  constructor(private readonly dir: string) {
    mkdirSync(dir, { recursive: true });
    const names = readdirSync(dir).filter((name) => name.endsWith('.json'));
    this.mails = names.sort().map((name) => JSON.parse(readFileSync(join(dir, name), 'utf8')) as Mail);
    this.next = Number(this.mails.at(-1)?.id ?? 0) + 1;
  }

  add(mail: Omit<Mail, 'id'>): Mail {
    const added = { id: String(this.next++).padStart(6, '0'), ...mail };
    const path = join(this.dir, `${added.id}.json`);
    writeFileSync(`${path}.part`, JSON.stringify(added));
    renameSync(`${path}.part`, path);
    this.mails.push(added);
    for (const old of this.mails.splice(0, this.mails.length - keep)) {
      rmSync(join(this.dir, `${old.id}.json`), { force: true });
    }
    return added;
  }

  /** Returns the emails to one address, in any letter case, or all emails. */
  list(to?: string): Mail[] {
    const wanted = to?.toLowerCase();
    return this.mails.filter((mail) => !wanted || mail.to.some((one) => one.toLowerCase() === wanted));
  }

  get(id: string): Mail | undefined {
    return this.mails.find((mail) => mail.id === id);
  }

  clear(): void {
    for (const { id } of this.mails) rmSync(join(this.dir, `${id}.json`), { force: true });
    this.mails = [];
  }
}
