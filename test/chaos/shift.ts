import { asOwner } from '../world';

/**
 * The clocks of a whole setting, all ahead of the computer's by the same distance, so that a month ends while users are
 * active.
 */

const moduleUrl = (shiftMs: number): string =>
  `${new URL('./shifted-clock.mjs', import.meta.url).href}?ms=${shiftMs}`;

/** Returns how long, on the computer's clock, until the next month begins on clocks `shiftMs` ahead, and that month. */
export function shiftTo(edgeInMs: number): { shiftMs: number; edgeAt: number } {
  const now = Date.now();
  const { year, month } = { year: new Date(now).getUTCFullYear(), month: new Date(now).getUTCMonth() };
  const edgeAt = Date.UTC(year, month + 1, 1);
  return { shiftMs: edgeAt - now - edgeInMs, edgeAt };
}

/** Shifts the clock of this process, once and permanently. */
export const shiftOwnClock = (shiftMs: number): Promise<unknown> => import(moduleUrl(shiftMs));

/** Returns the environment that gives a Node process the shifted clock. */
export const shiftedEnv = (shiftMs: number) => ({ NODE_OPTIONS: `--import=${moduleUrl(shiftMs)}` });

/**
 * Returns the agent's command on the shifted clock, because the local cloud passes none of its own environment to
 * machines.
 */
export const shiftedAgent = (shiftMs: number): string =>
  `node '--import=${moduleUrl(shiftMs)}' dist/agent/main.mjs`;

/** Gives a database the shifted clock; `setBack` moves it from there. */
export const shiftDatabase = (url: string, shiftMs: number): Promise<unknown> =>
  asOwner(url, (owner) =>
    owner.unsafe(`
      create table chaos_clock (ms bigint not null);
      insert into chaos_clock values (${shiftMs});
      create or replace function hg_clock() returns timestamptz language sql volatile as
        'select clock_timestamp() + ms * interval ''1 ms'' from chaos_clock';`),
  );
