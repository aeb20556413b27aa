/** Returns text escaped for HTML, attributes included. */
export function escapeHtml(text: unknown): string {
  return String(text).replace(
    /[&<>"']/g,
    (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[char] as string,
  );
}

const style = `
:root{color-scheme:light dark;--line:light-dark(#ddd,#383838);--soft:light-dark(#666,#a0a0a0);--accent:light-dark(#8a6414,#e0b455);--card:light-dark(#fafafa,#1c1c1c)}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:68rem;padding:1rem;background:light-dark(#fff,#141414);color:light-dark(#1a1a1a,#ececec)}
header{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;align-items:baseline;border-bottom:1px solid var(--line);padding-bottom:.5rem}
h1{font-size:1.15rem;margin:0}h2{font-size:1rem;margin:1.75rem 0 .5rem}
a{color:var(--accent)}small,.soft{color:var(--soft)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
td,th{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{font-weight:500;color:var(--soft)}.wide{overflow-x:auto}
code,pre{font-family:ui-monospace,monospace;font-size:.87em}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--card);padding:1rem;border-radius:6px}
form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end}form.inline{display:inline-flex;gap:.25rem}
label{display:grid;font-size:.85rem;color:var(--soft)}
input,select,button{font:inherit;padding:.3rem .5rem;border:1px solid var(--line);border-radius:5px;background:var(--card);color:inherit;max-width:100%}
button{cursor:pointer}iframe{width:100%;height:70vh;border:1px solid var(--line);border-radius:6px;background:#fff}
@media(max-width:40rem){tr:has(th){display:none}tr,td{display:block}tr{border-bottom:1px solid var(--line);padding:.4rem 0}td{border:0;padding:.1rem 0}}
ul.mails{list-style:none;padding:0;margin:0}ul.mails li{border-bottom:1px solid var(--line);padding:.6rem 0;overflow-wrap:anywhere}`;

/** Returns a whole page of the local cloud: without scripts, in the system's light or dark scheme. */
export function renderPage(title: string, body: string, links: Array<[label: string, url: string]>): string {
  const nav = links.map(([label, url]) => `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`).join('');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${style}</style>
<header><h1>${escapeHtml(title)}</h1><nav style="display:flex;gap:1rem">${nav}</nav></header><main>${body}</main></html>`;
}

/** Returns an instant as an HTML time element in UTC. */
export function showTime(at: number): string {
  return `<time datetime="${new Date(at).toISOString()}">${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC</time>`;
}
