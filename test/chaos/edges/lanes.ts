import { sleep } from '@/scripts/services/processes';
import { LATE, withTimeout } from '@/server/with-timeout';
import { STRIKE_MS } from '../faults';
import { clockSetBack, connectionsSilent, openSnapshot, readOnlyFailover } from './database';
import type { Edge, EdgeScene } from './edges';
import { secretRotated } from './secret';
import { sleepingViewer } from './viewers';

/** Independent edges strike in parallel; those of one lane one after the other. */
const LANES: Edge[][] = [
  [readOnlyFailover, clockSetBack, connectionsSilent, sleepingViewer],
  [openSnapshot, secretRotated],
];

/** Runs every lane once: each of its edges strikes once. */
export const lanesOf = (scene: EdgeScene): Promise<void>[] =>
  LANES.map(async (lane) => {
    for (const edge of lane) {
      await strikeEdge(scene, edge);
      await sleep(scene.brief ? 200 : scene.chance.between(1_000, 6_000));
    }
  });

async function strikeEdge(scene: EdgeScene, edge: Edge): Promise<void> {
  scene.tally.count('faults', edge.name);
  scene.setting.note(edge.name);
  const strike = () => edge.strike(scene);
  const work =
    edge.how === 'calm'
      ? scene.calm.during(strike)
      : edge.how === 'disturbs'
        ? scene.calm.disturb(strike)
        : strike();
  const done = await withTimeout(work, STRIKE_MS).catch((error: unknown) =>
    scene.setting.note(`${edge.name}: ${error}`),
  );
  if (done === LATE) scene.tally.count('stuck', edge.name);
  scene.setting.note(`${edge.name}: over`);
}
