import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { StartedFly } from '../fly/server';
import { listen, readBody, type StartedPart, sendJson } from '../http';
import { renderInbox, renderMail } from '../mail/pages';
import type { StartedMail } from '../mail/server';
import { ControlError, control } from './actions';
import { renderControl } from './control-page';

export interface ControlOptions {
  port: number;
  stateDir?: string;
  fly: StartedFly;
  mail?: StartedMail;
  /** Pages of other parts, as links. */
  links?: Array<[label: string, url: string]>;
}

/** Starts the control API and its pages, which show the events in the local cloud and inject faults. */
export async function startControl(options: ControlOptions): Promise<StartedPart> {
  const server = createServer((req, res) => void answer(options, req, res));
  const port = await listen(server, options.port, 'control API', 'CLOUD_CONTROL_PORT');
  return {
    port,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function answer(options: ControlOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    refuseStrangers(req);
    const url = new URL(req.url ?? '/', 'http://localhost');
    if (req.method === 'GET' && showPage(options, url.pathname, res)) return;
    const form = /urlencoded/.test(req.headers['content-type'] ?? '');
    const value = control(options, req.method ?? 'GET', url, await readInput(req, form));
    if (form) res.writeHead(303, { location: '/' }).end();
    else sendJson(res, 200, value);
  } catch (error) {
    const status = error instanceof ControlError ? error.status : 500;
    sendJson(res, status, { error: error instanceof Error ? error.message : String(error) });
  }
}

/** Refuses requests from pages of other sites, which must not control processes of this computer. */
function refuseStrangers(req: IncomingMessage): void {
  const host = req.headers.host ?? '';
  const local = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
  const origin = req.headers.origin;
  if (!local || (origin !== undefined && origin !== `http://${host}`)) {
    throw new ControlError(403, 'The control API answers only to this computer.');
  }
}

function showPage(options: ControlOptions, path: string, res: ServerResponse): boolean {
  const links: Array<[string, string]> = [['Control', '/'], ['Inbox', '/mail'], ...(options.links ?? [])];
  const mail = /^\/mail\/(\w+)$/.exec(path)?.[1];
  const found = mail ? options.mail?.store.get(mail) : undefined;
  const html =
    path === '/' || path === '/control'
      ? renderControl(options.fly, links)
      : path === '/mail'
        ? renderInbox(options.mail?.store.list() ?? [], links)
        : found && renderMail(found, links);
  if (!html) return false;
  res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
  return true;
}

async function readInput(req: IncomingMessage, form: boolean): Promise<Record<string, unknown>> {
  const text = (await readBody(req)).toString();
  if (text === '') return {};
  if (form) return Object.fromEntries([...new URLSearchParams(text)].filter(([, value]) => value !== ''));
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new ControlError(400, 'The request body is not JSON.');
  }
}
