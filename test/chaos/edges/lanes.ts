import { sleep } from '@/scripts/services/processes';
import { LATE, withTimeout } from '@/server/with-timeout';
import { STRIKE_MS } from '../faults';
import { clockSetBack, connectionsSilent, openSnapshot, readOnlyFailover } from './database';
import type { Edge, EdgeScene } from './edges';
import { secretRotated } from './secret';
import { sleepingViewer } from './viewers';

/** Edges that do not stand in each other's way strike side by side, each lane one after the other in an order of its own. */
const LANES: Edge[][] = [
  [readOnlyFailover, clockSetBack, connectionsSilent],
  [openSnapshot, secretRotated],
  [sleepingViewer],
];
/** Later than this before the end of a round no edge is begun. */
const LAST_EDGE_MS = 3_000;

const decks = new WeakMap<Edge[], Edge[]>();

/** One walk through a lane for each: goes on where the last round ended. */
export function lanesOf(scene: EdgeScene): ((until: number) => Promise<void>)[] {
  return LANES.map((lane) => async (until) => {
    while (Date.now() < until - LAST_EDGE_MS) {
      const deck = decks.get(lane)?.length ? (decks.get(lane) as Edge[]) : [...lane];
      const [edge, ...rest] = deck;
      decks.set(lane, rest);
      if (edge) await strikeEdge(scene, edge);
      await sleep(scene.brief ? 200 : scene.chance.between(1_000, 6_000));
    }
  });
}

async function strikeEdge(scene: EdgeScene, edge: Edge): Promise<void> {
  scene.tally.count('faults', edge.name);
  scene.setting.note(edge.name);
  const done = await withTimeout(edge.strike(scene), STRIKE_MS).catch((error: unknown) =>
    scene.setting.note(`${edge.name}: ${error}`),
  );
  if (done === LATE) scene.tally.count('stuck', edge.name);
  scene.setting.note(`${edge.name}: over`);
}
