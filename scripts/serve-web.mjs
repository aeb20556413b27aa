// Becomes dist/web/main.mjs: the web as Next's standalone output, listening as `next start` does.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const dir = fileURLToPath(new URL('.', import.meta.url));
const { config } = JSON.parse(readFileSync(`${dir}.next/required-server-files.json`, 'utf8'));
process.chdir(dir);
process.env.NODE_ENV = 'production';
process.env.NEXT_TELEMETRY_DISABLED = '1';
// The app drains itself on SIGTERM; Next's own handler would end with another code than 0.
process.env.NEXT_MANUAL_SIG_HANDLE = '1';
process.env.__NEXT_PRIVATE_STANDALONE_CONFIG = JSON.stringify(config);

// Next makes its server with this, once: what programs call all the time is answered before its routes for pages
// (`app/_server/doors.ts`).
const { createServer } = http;
const doors = Symbol.for('hourglass.doors');
http.createServer = (listener) => {
  http.createServer = createServer;
  return createServer((request, response) => {
    if (!globalThis[doors]?.answer(request, response)) return listener(request, response);
  });
};

const { startServer } = require('next/dist/server/lib/start-server');
// No hostname: every address of both families. HOSTNAME, which shells and containers set, is not asked.
await startServer({
  dir,
  isDev: false,
  config,
  port: Number(process.env.PORT || 3000),
  allowRetry: false,
});
// Next puts its own name in place of the command line, which says to `ps` and to a health check what runs here.
process.title = 'hourglass web';
