import { escapeHtml, renderPage, showTime } from '../page';
import type { Mail } from './store';

type Links = Array<[label: string, url: string]>;

/** Returns the page of the inbox, newest email first. */
export function renderInbox(mails: Mail[], links: Links): string {
  const rows = [...mails].reverse().map(
    (mail) => `<li><a href="/mail/${mail.id}">${escapeHtml(mail.subject || '(no subject)')}</a><br>
<small>to ${escapeHtml(mail.to.join(', '))} · ${showTime(mail.at)}</small></li>`,
  );
  const empty =
    '<p class="soft">No email yet. Everything the product sends arrives here and nowhere else.</p>';
  return renderPage('Inbox', rows.length > 0 ? `<ul class="mails">${rows.join('')}</ul>` : empty, links);
}

/** Returns the page of one email: as HTML in a frame without scripts, and as text. */
export function renderMail(mail: Mail, links: Links): string {
  const frame = `<base target="_blank">${mail.html}`;
  const html = mail.html
    ? `<iframe title="Mail" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="${escapeHtml(frame)}"></iframe>`
    : '';
  const text = escapeHtml(mail.text).replace(/https?:\/\/[^\s<]+/g, (url) => `<a href="${url}">${url}</a>`);
  return renderPage(
    mail.subject || '(no subject)',
    `<p class="soft">from ${escapeHtml(mail.from)} to ${escapeHtml(mail.to.join(', '))} · ${showTime(mail.at)}</p>
<h2>Text</h2><pre>${text}</pre>${html ? `<h2>HTML</h2>${html}` : ''}`,
    links,
  );
}
