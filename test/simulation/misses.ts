import { asOwner, type World } from '@/test/world';
import { Crash } from './provider';

/** Prepares a database in which, while armed, an update of a run hits no row, as if the run had changed. */
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

/** Runs `work` while armed. */
export async function withMisses(world: World, work: () => unknown): Promise<void> {
  await world.database.sql`update sim_miss set armed = true`;
  await work();
  await world.database.sql`update sim_miss set armed = false`;
}

/** Whether the history itself caused an error: a process that dies, or a decision whose update hits no row. */
export const isInjected = (error: unknown): boolean =>
  error instanceof Crash || String(error).includes("is not as its account's lock showed it");
