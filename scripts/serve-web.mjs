// Becomes dist/web/main.mjs: serves Next's standalone output and listens as `next start` does.
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
// The app drains on SIGTERM; Next's own handler would exit with a code other than 0.
process.env.NEXT_MANUAL_SIG_HANDLE = '1';
process.env.__NEXT_PRIVATE_STANDALONE_CONFIG = JSON.stringify(config);

// Next creates its server through this function, once. The wrapper lets `app/_server/doors.ts` answer the busiest
// routes before Next does.
const { createServer } = http;
const doors = Symbol.for('hourglass.doors');
http.createServer = (listener) => {
  http.createServer = createServer;
  return createServer((request, response) => {
    if (!globalThis[doors]?.answer(request, response)) return listener(request, response);
  });
};

const { startServer } = require('next/dist/server/lib/start-server');
// Without a hostname the server listens on every address of both families. HOSTNAME, which shells and containers set,
// is ignored.
await startServer({
  dir,
  isDev: false,
  config,
  port: Number(process.env.PORT || 3000),
  allowRetry: false,
});
// Next replaces the command line; the title tells `ps` and health checks what runs here.
process.title = 'hourglass web';
