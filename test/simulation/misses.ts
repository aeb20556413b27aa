import { asOwner, type World } from '@/test/world';
import { Crash } from './provider';

/** A database in which, while it is armed, an update of what a run stands on hits no row: as if the run had changed. */
export async function addMisses(world: World): Promise<void> {
  await asOwner(world.url, (owner) =>
    owner.unsafe(`
      create table sim_miss (armed boolean not null);
      insert into sim_miss values (false);
      create function sim_miss() returns trigger language plpgsql as
        'begin if (select armed from sim_miss) then return null; end if; return new; end';
      create trigger sim_miss before update of status, metered_to on run for each row execute function sim_miss();`),
  );
}

/** Plays something while it is armed. */
export async function withMisses(world: World, work: () => unknown): Promise<void> {
  await world.database.sql`update sim_miss set armed = true`;
  await work();
  await world.database.sql`update sim_miss set armed = false`;
}

/** True for what a history itself makes go wrong: a process that dies, and a decision whose update hits no row. */
export const isInjected = (error: unknown): boolean =>
  error instanceof Crash || String(error).includes("is not as its account's lock showed it");
