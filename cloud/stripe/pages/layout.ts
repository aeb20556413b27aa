/** HTML that a page may contain without escaping. */
export class Html {
  constructor(readonly text: string) {}
}

/** Template tag: escapes every value except Html, and joins lists. */
export function html(parts: TemplateStringsArray, ...values: unknown[]): Html {
  return new Html(parts.reduce((text, part, index) => text + show(values[index - 1]) + part));
}

function show(value: unknown): string {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(show).join('');
  if (value === null || value === undefined || value === false) return '';
  return String(value).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

const STYLE = `
:root{color-scheme:light dark;--bg:#f6f5f3;--card:#fff;--ink:#1f1d1a;--soft:#6b665e;--line:#e2dfd9;--accent:#8a5a12;--on:#fff;--bad:#a3261d;--badbg:#fdf0ee;--note:#fff6e3;--noteline:#e8cf9a}
@media (prefers-color-scheme:dark){:root{--bg:#161513;--card:#1f1e1b;--ink:#ece9e3;--soft:#a39d92;--line:#35322d;--accent:#e0b060;--on:#1b1509;--bad:#ff9d93;--badbg:#3a201d;--note:#2b2416;--noteline:#5a4822}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
.note{background:var(--note);border-bottom:1px solid var(--noteline);padding:.5rem 1rem;text-align:center;font-size:.875rem}
main{max-width:31rem;margin:1.5rem auto 3rem;padding:0 1rem;display:grid;gap:1rem}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.25rem}
h1{font-size:1.25rem;line-height:1.3;margin:0}h2{font-size:1rem;margin:0 0 .75rem}p{margin:.25rem 0}.soft{color:var(--soft);font-size:.875rem}
.amount{font-size:2rem;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.2;margin:.25rem 0}
dl{display:grid;grid-template-columns:1fr auto;gap:.375rem 0;margin:.75rem 0 0;font-variant-numeric:tabular-nums}dt{min-width:0;overflow-wrap:anywhere}dd{margin:0;padding-left:1rem;text-align:right}
.total{border-top:1px solid var(--line);padding-top:.5rem;font-weight:600}
form{display:grid;gap:.75rem;margin:0}label{display:grid;gap:.25rem;font-size:.875rem;font-weight:550}
input,select,textarea{font:inherit;font-weight:400;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:8px;padding:.625rem .75rem;width:100%;min-width:0}
input:focus-visible,button:focus-visible,a:focus-visible,select:focus-visible,summary:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}
button,.button{font:inherit;font-weight:600;border:1px solid transparent;border-radius:8px;padding:.75rem 1rem;background:var(--accent);color:var(--on);cursor:pointer;width:100%;text-align:center;text-decoration:none;display:block}
.quiet{background:transparent;color:var(--ink);border-color:var(--line)}a{color:var(--accent)}
.error{background:var(--badbg);color:var(--bad);border:1px solid currentColor;border-radius:8px;padding:.75rem;font-size:.9375rem}
details{font-size:.875rem}summary{cursor:pointer}table{width:100%;border-collapse:collapse;font-size:.8125rem;margin-top:.5rem}td{padding:.25rem 0;border-top:1px solid var(--line);vertical-align:top}td:first-child{white-space:nowrap;padding-right:.75rem;font-variant-numeric:tabular-nums}
.row{display:flex;justify-content:space-between;gap:1rem;align-items:baseline;flex-wrap:wrap;border-top:1px solid var(--line);padding:.625rem 0}.row:first-of-type{border-top:0}
.choices{display:grid;gap:.5rem}`;

/** Returns a whole page. Each page says at the top that no money moves. */
export function page(title: string, content: Html): string {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${title} · test payments</title><style>${new Html(STYLE)}</style></head><body><div class="note" role="note"><strong>Test payments.</strong> A local stand-in: no card is charged, no money moves.</div><main>${content}</main></body></html>`
    .text;
}

/** Returns a page with a message and at most one link. */
export function messagePage(
  title: string,
  text: string,
  link?: { href: string; label: string } | null,
): string {
  return page(
    title,
    html`<section><h1>${title}</h1><p>${text}</p>${link && html`<p><a class="button" href="${link.href}">${link.label}</a></p>`}</section>`,
  );
}

/** Returns the error of the last attempt as an alert, visible and for screen readers; null without an error. */
export function errorBox(message: string | null): Html | null {
  return message ? html`<p class="error" role="alert">${message}</p>` : null;
}
