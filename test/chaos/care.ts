import { type HourglassClient, refusalOf } from '@/client';
import { sleep } from '@/scripts/services/processes';
import type { Chance } from '../simulation/events';
import type { Bounds } from './bounds';
import { weighted } from './habits';
import { insist } from './insist';
import type { Person } from './people';

/** The actions of an administrator during the faults: plans edited, time given back, accounts blocked and deleted. */

type PlanSize = { id: string; seconds: number | null; slots: number };
export type Care = {
  admin: HourglassClient;
  people: Person[];
  bounds: Bounds;
  chance: Chance;
  plans: PlanSize[];
};
type Deed = { name: string; weight: number; act(care: Care): Promise<boolean> };

/** How long a call is repeated until it is answered, in ms. */
const TIMEOUT_MS = 90_000;

const DEEDS: Deed[] = [
  { name: 'plan edited', weight: 3, act: editPlan },
  { name: 'time given back', weight: 2, act: (care) => onSomebody(care, giveBack) },
  { name: 'account blocked and opened', weight: 2, act: (care) => onSomebody(care, block) },
  { name: 'account deleted', weight: 2, act: (care) => onSomebody(care, remove) },
];

/** Performs one action; returns its name, or null when there was no account to act on. */
export async function careOnce(care: Care): Promise<string | null> {
  const deed = weighted(care.chance, DEEDS);
  return (await deed.act(care)) ? deed.name : null;
}

async function editPlan({ admin, bounds, chance, plans }: Care): Promise<boolean> {
  const base = chance.pick(plans);
  const seconds = Math.round((base.seconds ?? 0) * chance.pick([0.5, 1, 1, 1.5]));
  const slots = chance.pick([base.slots, base.slots, base.slots + 1]);
  const settled = bounds.planChanges(base.id, { quotaMs: seconds * 1000, slots });
  await insist(async () => {
    const plan = (await admin.admin.plan.list.query()).find(({ id }) => id === base.id);
    if (plan) await admin.admin.plan.save.mutate({ ...plan, monthlySeconds: seconds, maxSessions: slots });
  }, TIMEOUT_MS);
  settled();
  return true;
}

async function onSomebody(care: Care, act: (care: Care, person: Person) => Promise<void>): Promise<boolean> {
  const present = care.people.filter(({ gone }) => !gone);
  if (present.length === 0) return false;
  await act(care, care.chance.pick(present));
  return true;
}

/** Not repeated: an unanswered call may have been booked, and counts as given. */
async function giveBack({ admin, bounds, chance }: Care, { accountId }: Person): Promise<void> {
  const seconds = chance.between(1, 20);
  bounds.gives(accountId, seconds * 1000);
  await admin.admin.account.adjustUsage.mutate({ accountId, seconds: -seconds, reason: 'an outage' });
}

async function block({ admin, bounds, chance }: Care, { accountId }: Person): Promise<void> {
  const set = (status: 'active' | 'blocked') =>
    insist(() => admin.admin.account.setStatus.mutate({ accountId, status, reason: 'a check' }), TIMEOUT_MS);
  await set('blocked');
  const open = bounds.blocks(accountId);
  await sleep(chance.between(500, 5_000));
  open();
  await set('active');
}

/** From the first attempt on, answered or not, no one of this account acts again. */
async function remove({ admin, bounds }: Care, person: Person): Promise<void> {
  person.gone = true;
  await insist(async () => {
    const { accountId } = person;
    await admin.admin.account.delete.mutate({ accountId, reason: 'asked for it' }).catch((error: unknown) => {
      if (refusalOf(error)?.reason !== 'NOT_FOUND') throw error;
    });
  }, TIMEOUT_MS);
  bounds.blocks(person.accountId);
}
