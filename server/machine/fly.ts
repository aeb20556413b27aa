import type { Log } from '../log';
import type { FlyAccess } from './fly/access';
import { findByRun, getMachine } from './fly/find-machine';
import { FlyHttp } from './fly/http';
import { KnownApps } from './fly/known-apps';
import { launch } from './fly/launch';
import { getVolume, listMachines, listVolumes } from './fly/list';
import { ALL } from './fly/rate';
import type { Machines, Outcome } from './machines';

export type FlyConfig = {
  apiUrl: string;
  token: string;
  org: string;
  environmentId: string;
  image: string;
  log: Log;
};

const enc = encodeURIComponent;

/**
 * Opens the Machines API of Fly over HTTP. One connection pool per process; `close` ends it. Reads, stops and destroys
 * of one machine are sent once: their callers retry on their own schedule, and must not block others meanwhile.
 */
export function openFly(config: FlyConfig): Machines {
  const http = new FlyHttp(config.apiUrl, config.token, config.log);
  const { org, environmentId, image } = config;
  const fly: FlyAccess = { http, org, environmentId, image, apps: new KnownApps() };
  return {
    launch: (order, stillWanted) => launch(fly, order, stillWanted),
    findByRun: (app, runId) => findByRun(fly, app, runId),
    get: (app, machineId) => getMachine(fly, app, machineId, 1),
    stop: (app, machineId, graceSeconds) => stop(http, app, machineId, graceSeconds),
    destroy: (app, machineId) =>
      remove(http, 'destroy', app, `/apps/${enc(app)}/machines/${enc(machineId)}?force=true`, machineId),
    list: (cursor) => listMachines(fly, cursor),
    listVolumes: (cursor) => listVolumes(fly, cursor),
    getVolume: (app, volumeId) => getVolume(fly, app, volumeId),
    deleteVolume: (app, volumeId) =>
      remove(http, 'delete_volume', app, `/apps/${enc(app)}/volumes/${enc(volumeId)}`, volumeId),
    deleteApp: (app) => remove(http, 'delete_app', app, `/apps/${enc(app)}?force=true`, ALL),
    close: () => http.close(),
  };
}

/** Formats seconds as a Go duration in whole milliseconds. */
const duration = (seconds: number): string => `${Math.max(1, Math.round(seconds * 1000))}ms`;

async function stop(
  http: FlyHttp,
  app: string,
  machineId: string,
  graceSeconds: number,
): Promise<Outcome<void>> {
  const answer = await http.send({
    action: 'stop',
    method: 'POST',
    path: `/apps/${enc(app)}/machines/${enc(machineId)}/stop`,
    id: machineId,
    body: { signal: 'SIGTERM', timeout: duration(graceSeconds) },
    tries: 1,
    timeoutMs: 5_000,
    app,
  });
  return doneOrGone(answer);
}

async function remove(
  http: FlyHttp,
  action: string,
  app: string,
  path: string,
  id: string,
): Promise<Outcome<void>> {
  return doneOrGone(
    await http.send({ action, method: 'DELETE', path, id, tries: 1, timeoutMs: 10_000, app }),
  );
}

/** A machine that does not exist needs no stopping. */
const doneOrGone = (answer: Outcome<unknown>): Outcome<void> =>
  answer.ok || answer.failure.kind === 'not_found' ? { ok: true, value: undefined } : answer;
