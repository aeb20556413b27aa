import { asOwner } from '../world';

/** The clocks of a whole setting: all of them one distance ahead of the computer's, so that a month ends while people work. */

const moduleUrl = (shiftMs: number): string =>
  `${new URL('./shifted-clock.mjs', import.meta.url).href}?ms=${shiftMs}`;

/** How long from now, on the computer's clock, until the next month begins on clocks that are `shiftMs` ahead; and that month. */
export function shiftTo(edgeInMs: number): { shiftMs: number; edgeAt: number } {
  const now = Date.now();
  const { year, month } = { year: new Date(now).getUTCFullYear(), month: new Date(now).getUTCMonth() };
  const edgeAt = Date.UTC(year, month + 1, 1);
  return { shiftMs: edgeAt - now - edgeInMs, edgeAt };
}

/** Moves the clock of this process. Once, and for good. */
export const shiftOwnClock = (shiftMs: number): Promise<unknown> => import(moduleUrl(shiftMs));

/** What a Node process needs in its environment to have the shifted clock. */
export const shiftedEnv = (shiftMs: number) => ({ NODE_OPTIONS: `--import=${moduleUrl(shiftMs)}` });

/** The agent on the shifted clock: the local cloud hands none of its own environment to machines. */
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
