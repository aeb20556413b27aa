import { escapeHtml } from '../escape-html';
import type { Email } from './send';

export type EmailContent = {
  to: string;
  subject: string;
  /** Short sentences, one per paragraph. */
  paragraphs: string[];
  /** The button of the email. */
  action?: { label: string; url: string };
  footnote?: string;
};

/** Returns one email as plain text and as HTML with at most one button. */
export function writeEmail({ to, subject, paragraphs, action, footnote }: EmailContent): Email {
  const text = [
    ...paragraphs,
    ...(action ? [`${action.label}: ${action.url}`] : []),
    ...(footnote ? [footnote] : []),
  ];
  return {
    to,
    subject,
    text: `${text.join('\n\n')}\n\nHourglass\n`,
    html: toHtml(subject, paragraphs, action, footnote),
  };
}

function toHtml(
  subject: string,
  paragraphs: string[],
  action: EmailContent['action'],
  footnote?: string,
): string {
  const body = paragraphs.map((p) => `<p style="margin:0 0 16px">${escapeHtml(p)}</p>`).join('');
  const button = action
    ? `<p style="margin:24px 0"><a href="${escapeHtml(action.url)}" style="background:#b7791f;color:#fff;padding:10px 18px;border-radius:6px;text-decoration:none;display:inline-block">${escapeHtml(action.label)}</a></p>`
    : '';
  const note = footnote
    ? `<p style="margin:24px 0 0;color:#777;font-size:13px">${escapeHtml(footnote)}</p>`
    : '';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${escapeHtml(subject)}</title></head><body style="margin:0;padding:32px 16px;font:16px/1.5 system-ui,sans-serif"><div style="max-width:520px;margin:0 auto"><p style="margin:0 0 24px;font-weight:600">⧗ Hourglass</p>${body}${button}${note}</div></body></html>`;
}
