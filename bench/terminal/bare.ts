import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { WebSocketServer } from 'ws';

/**
 * The smallest terminal in a browser: xterm on a page, a WebSocket, and a shell on a pseudo terminal, as in the
 * examples of both packages. Prints its address.
 */

const FILES: Record<string, [string, string]> = {
  '/xterm.js': ['text/javascript', '@xterm/xterm/lib/xterm.js'],
  '/fit.js': ['text/javascript', '@xterm/addon-fit/lib/addon-fit.js'],
  '/xterm.css': ['text/css', '@xterm/xterm/css/xterm.css'],
};

const PAGE = `<!doctype html><html><head><link rel="stylesheet" href="/xterm.css">
<style>html, body, #place { height: 100%; margin: 0 }</style></head><body><div id="place"></div>
<script src="/xterm.js"></script><script src="/fit.js"></script><script>
const terminal = new Terminal({ fontSize: 14, lineHeight: 1.2, scrollback: 5000 });
const fit = new FitAddon.FitAddon();
terminal.loadAddon(fit);
terminal.open(document.getElementById('place'));
fit.fit();
const socket = new WebSocket('ws://' + location.host + '/?cols=' + terminal.cols + '&rows=' + terminal.rows);
socket.binaryType = 'arraybuffer';
socket.onmessage = ({ data }) => terminal.write(new Uint8Array(data));
socket.onopen = () => { document.body.dataset.state = 'open'; terminal.focus(); };
terminal.onData((data) => socket.send(data));
</script></body></html>`;

const server = createServer((request, response) => {
  const [type, file] = FILES[request.url ?? ''] ?? ['text/html', null];
  response.writeHead(200, { 'content-type': type });
  response.end(file === null ? PAGE : readFileSync(join('node_modules', file)));
});

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (ws, request) => {
  const query = new URL(request.url ?? '/', 'http://bare').searchParams;
  const size = { cols: Number(query.get('cols')), rows: Number(query.get('rows')) };
  const shell = spawn('bash', ['--norc'], { name: 'xterm-256color', ...size, encoding: null });
  shell.onData((data) => ws.send(data));
  ws.on('message', (data) => shell.write(data.toString()));
  ws.on('close', () => shell.kill());
});

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
