import { type Machine, machineNameOf, type Outcome } from '../machines';
import { type FlyAccess, failed } from './access';
import { readMachine } from './read-machine';

const enc = encodeURIComponent;

/** Returns the machine of a run by metadata and name, or null when this list does not show one. */
export async function findByRun(
  fly: FlyAccess,
  app: string,
  runId: string,
): Promise<Outcome<Machine | null>> {
  const path = `/apps/${enc(app)}/machines?include_deleted=true&metadata.hourglass_run=${enc(runId)}`;
  const listed = await fly.http.send({ action: 'list', method: 'GET', path, id: app, app });
  if (!listed.ok) return listed.failure.kind === 'not_found' ? { ok: true, value: null } : listed;
  const machines = (Array.isArray(listed.value) ? listed.value : []).map((raw) => readMachine(raw, app));
  const found = machines.find((m) => m !== null && m.name === machineNameOf(runId) && m.runId === runId);
  if (!found) return { ok: true, value: null };
  // Listings may omit events, so the machine itself is read. If that read does not show it, the list's entry is
  // returned.
  const read = await getMachine(fly, app, found.id);
  return read.ok && read.value === null ? { ok: true, value: found } : read;
}

/** Returns one machine with its events; null when the provider knows no such machine. */
export async function getMachine(
  fly: FlyAccess,
  app: string,
  machineId: string,
  tries = 3,
): Promise<Outcome<Machine | null>> {
  const path = `/apps/${enc(app)}/machines/${enc(machineId)}`;
  const read = await fly.http.send({
    action: 'get',
    method: 'GET',
    path,
    id: machineId,
    timeoutMs: 5_000,
    tries,
    app,
  });
  if (!read.ok) return read.failure.kind === 'not_found' ? { ok: true, value: null } : read;
  const machine = readMachine(read.value, app);
  return machine
    ? { ok: true, value: machine }
    : failed('unavailable', 'the answer of the provider is not a machine');
}
