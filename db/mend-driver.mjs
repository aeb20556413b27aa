import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Mends postgres.js 3.4.9, which loses count when PostgreSQL cuts a connection: what is asked between the error and the
 * close, or waits to be sent, stays in its books, so that later questions hang or get the answer of another, a
 * transaction goes on through whatever the connection is used for next, and what it asks by itself on a new connection ends
 * the process. Runs after every install; does nothing twice.
 */

const VERSION = '3.4.9';

/** Exact pieces of the driver and what they become. Each says so in a comment of its own. */
const MENDS = {
  'connection.js': [
    [
      `    if (terminated)
      return queryError(q, Errors.connection('CONNECTION_DESTROYED', options))
`,
      `    if (terminated)
      return queryError(q, Errors.connection('CONNECTION_DESTROYED', options))

    if (!socket || socket.destroyed) { // mended: nothing is asked of a connection that is gone
      queryError(q, Errors.connection('CONNECTION_CLOSED', options))
      return true
    }
`,
    ],
    [
      `  function nextWrite(fn) {
`,
      `  function nextWrite(fn) {
    if (!socket) { // mended: what was to be sent went with its connection
      chunk = nextWriteTimer = null
      return true
    }
`,
    ],
    [
      `    clearImmediate(nextWriteTimer)
    if (socket) {
`,
      `    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null // mended: the next connection begins with nothing to send
    if (socket) {
`,
    ],
    [
      `    clearImmediate(nextWriteTimer)
    socket.removeListener('data', data)
`,
      `    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null // mended: the next connection begins with nothing to send
    socket.removeListener('data', data)
`,
    ],
    [
      `    if (initial)
      return reconnect()

    !hadError && (query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))
`,
      `    if (initial && terminated) // mended: who is cut off while connecting is told, and does not try for ever
      return reconnect()

    // mended: whatever the reason, nobody waits for an answer of a connection that is gone
    ;(query || initial || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))
    query = null
`,
    ],
    [
      `        return fetchArrayTypes()
`,
      `        return fetchArrayTypes().catch(err => { // mended: what it asks by itself may fail without ending the process
          error(err)
          socket && socket.destroy()
        })
`,
    ],
  ],
  'index.js': [
    [
      `    let savepoints = 0
      , connection
`,
      `    let savepoints = 0
      , lost = null // mended: a transaction ends with its connection
      , connection
`,
    ],
    [
      `new Promise((_, reject) => connection.onclose = reject)
`,
      `new Promise((_, reject) => connection.onclose = e => {
          lost = e
          while (queries.length)
            queries.shift().reject(e)
          reject(e)
        })
`,
    ],
    [
      `        q.catch(e => uncaughtError || (uncaughtError = e))
        c.queue === full
`,
      `        q.catch(e => uncaughtError || (uncaughtError = e))
        if (lost)
          return q.reject(lost)

        c.queue === full
`,
    ],
  ],
};

/** Mends the driver in this folder. Throws when it is not the one that this was written for. */
export function mendDriver(folder) {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (version !== VERSION)
    throw new Error(
      `postgres is ${version}, and db/mend-driver.mjs was written for ${VERSION}: see what is still needed.`,
    );
  for (const part of ['src', 'cjs/src'])
    for (const [name, mends] of Object.entries(MENDS)) mendFile(join(folder, part, name), mends);
}

function mendFile(path, mends) {
  const before = readFileSync(path, 'utf8');
  const after = mends.reduce((text, [old, mended]) => {
    if (text.includes(mended)) return text;
    if (text.split(old).length !== 2) throw new Error(`${path} is not as db/mend-driver.mjs expects it.`);
    return text.replace(old, () => mended);
  }, before);
  if (after !== before) writeFileSync(path, after);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  mendDriver(join(dirname(fileURLToPath(import.meta.url)), '../node_modules/postgres'));
