import type { SimAgent } from './agent';
import { MONTH_END } from './edges';
import type { Agenda, Chance } from './events';

/** The longest delay of a machine's last call, in ms. */
const LATEST_WORD_MS = 15_000;

/** Schedules machines that die while their last call is in flight, at a month boundary if there is one. */
export function planDeaths(
  { agenda, chance }: { agenda: Agenda; chance: Chance },
  agents: ReadonlyMap<string, SimAgent>,
  from: number,
  until: number,
): void {
  const atEdge = from < MONTH_END && MONTH_END < until;
  const at = atEdge ? MONTH_END - chance.between(1, 5_000) : chance.between(from, until);
  agenda.addQuiet(at, 'deaths', () => {
    for (const agent of agents.values())
      if (chance.hit(0.7)) agent.dieSpeaking(chance.between(1, LATEST_WORD_MS));
  });
}
