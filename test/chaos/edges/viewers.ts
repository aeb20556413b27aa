import { WebSocket } from 'ws';
import { sleep, waitFor } from '@/scripts/services/processes';
import { insist } from '../insist';
import type { Person } from '../people';
import { type Edge, type EdgeScene, isUndisturbed } from './edges';

const FLOOD_BYTES = 3_000_000;
const SLEPT_MS = 2_000;
const LONGEST_MS = 30_000;

/** Suspends one viewer while its shell writes; another viewer of the same session keeps working. */
export const sleepingViewer: Edge = {
  name: 'viewer asleep',
  how: 'calm',
  strike: async (scene) => {
    const person = await scene.crowd.guest('steady');
    const sessionId = await insist(() => startFor(person), 30_000);
    try {
      await watchBoth(scene, person, sessionId);
    } finally {
      await insist(
        () => person.apis[0]?.session.stop.mutate({ sessionId }) as Promise<unknown>,
        60_000,
      ).catch(() => {});
    }
  },
};

async function startFor(person: Person): Promise<string> {
  const api = person.apis[0] as Person['apis'][number];
  const made = person.sessions[0] ?? (await api.session.create.mutate({ name: 'watched' })).id;
  person.sessions = [made];
  await api.session.start.mutate({ sessionId: made });
  const isRunning = async () => (await api.session.get.query({ sessionId: made })).status === 'running';
  if (!(await waitFor(isRunning, 10_000, 200))) throw new Error('it does not run yet');
  return made;
}

type Line = { ws: WebSocket; seen(): string; isOpen(): boolean };

/** Opens a terminal through the gateway, as a page or (version 1) as a program does. */
async function openLine(person: Person, sessionId: string, version: 1 | 2): Promise<Line> {
  const api = person.apis[0] as Person['apis'][number];
  const { url, token } = await api.session.connect.mutate({ sessionId });
  const ws = new WebSocket(`${url}?tab=2&cols=80&rows=24&v=${version}`, ['hourglass', `token.${token}`]);
  let seen = '';
  ws.on('message', (data, isBinary) => {
    if (isBinary) seen = (seen + data.toString()).slice(-20_000);
  });
  ws.on('error', () => {});
  await new Promise((resolve, reject) => {
    ws.once('message', resolve);
    ws.once('close', () => reject(new Error('it was closed')));
    setTimeout(() => reject(new Error('nothing came')), 8_000).unref();
  });
  return { ws, seen: () => seen, isOpen: () => ws.readyState === WebSocket.OPEN };
}

async function watchBoth(scene: EdgeScene, person: Person, sessionId: string): Promise<void> {
  const open = (version: 1 | 2) => insist(() => openLine(person, sessionId, version), 20_000);
  const sleeper = await open(2);
  const other = await open(1);
  const say = (line: Line, data: string) => line.ws.send(JSON.stringify({ type: 'input', data }));
  try {
    say(sleeper, `yes | head -c ${FLOOD_BYTES}\r`);
    sleeper.ws.pause();
    await sleep(SLEPT_MS);
    const from = Date.now();
    say(other, 'echo "op""en"\r');
    const felt = await waitFor(
      async () => other.seen().includes('open\r') || !other.isOpen(),
      LONGEST_MS,
      50,
    );
    const ms = Date.now() - from;
    // A cut connection proves nothing: its machine, gateway or session has ended.
    if (!other.isOpen() || !isUndisturbed(scene, from - SLEPT_MS, from + ms)) return;
    scene.edges.saw('viewerMs', felt ? ms : LONGEST_MS, `account ${person.accountId}`);
    sleeper.ws.resume();
    const left = await waitFor(async () => !sleeper.isOpen(), 10_000, 50);
    if (isUndisturbed(scene, from - SLEPT_MS, Date.now())) scene.edges.saw('viewersKept', left ? 0 : 1);
  } finally {
    for (const { ws } of [sleeper, other]) ws.terminate();
  }
}
