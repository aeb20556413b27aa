import { setTimeout as pause } from 'node:timers/promises';
import type { MachineFailure, Outcome } from '../machines';
import { done, type FlyAccess, surelyNothing, unwanted } from './access';
import { isWorthRepeating } from './http';

/** Attempts to create an app in one launch; each checks again whether the run is still wanted. */
const MAX_ATTEMPTS = 3;
const PAUSE_MS = 200;

/**
 * Makes sure that the account's app exists on its own network. A name that is taken belongs to this installation if the
 * app can be read.
 */
export async function ensureApp(
  fly: FlyAccess,
  app: string,
  stillWanted: () => Promise<boolean>,
): Promise<Outcome<void>> {
  let failure: MachineFailure | null = null;
  for (let tries = 0; ; tries++) {
    const known = await readApp(fly, app);
    if (known.ok) return done(undefined);
    const isLast = tries === MAX_ATTEMPTS || (failure !== null && !isWorthRepeating(failure));
    if (isLast || known.failure.kind !== 'not_found') return surelyNothing(failure ?? known.failure);
    if (!(await stillWanted())) return unwanted();
    const made = await makeApp(fly, app);
    if (made.ok) {
      fly.apps.noteCreated(app);
      return done(undefined);
    }
    failure = made.failure;
    if (isWorthRepeating(failure)) await pause(PAUSE_MS * 2 ** tries);
  }
}

const readApp = (fly: FlyAccess, app: string): Promise<Outcome<unknown>> =>
  fly.http.send({ action: 'get', method: 'GET', path: `/apps/${encodeURIComponent(app)}`, id: app, app });

const makeApp = (fly: FlyAccess, app: string): Promise<Outcome<unknown>> =>
  fly.http.send({
    action: 'create_app',
    method: 'POST',
    path: '/apps',
    id: app,
    body: { app_name: app, name: app, org_slug: fly.org, network: app },
    tries: 1,
    app,
  });
