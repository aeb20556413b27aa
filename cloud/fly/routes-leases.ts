import { randomBytes } from 'node:crypto';
import { FlyError } from './fly-error';
import type { MachineRecord } from './records';
import { type Fly, fieldsOf, liveMachineOf, machineOf, type Reply, type Request, type Route } from './route';

const lease = 'apps/:app/machines/:machine/lease';

function answer(status: number, machine: MachineRecord): Reply {
  const held = machine.lease;
  if (!held || held.expiresAt <= Date.now()) throw new FlyError(404, 'lease not found');
  const { nonce, owner, description } = held;
  const data = { nonce, expires_at: Math.floor(held.expiresAt / 1000), owner, description };
  return { status, body: { status: 'success', data: { ...data, version: machine.instanceId } } };
}

function acquire(fly: Fly, request: Request): Reply {
  const machine = liveMachineOf(fly, request);
  const { ttl, description } = fieldsOf(request.body, 'main.leaseRequest', ['ttl', 'description']);
  const seconds = Number(ttl ?? request.query.get('ttl') ?? 10);
  if (!(seconds > 0)) throw new FlyError(400, 'invalid_argument: ttl must be positive');
  const held = machine.lease && machine.lease.expiresAt > Date.now() ? machine.lease : null;
  machine.lease = {
    nonce: held?.nonce ?? randomBytes(6).toString('hex'),
    owner: 'local@example.com',
    description: String(description ?? ''),
    expiresAt: Date.now() + seconds * 1000,
  };
  fly.world.saveMachine(machine);
  return answer(201, machine);
}

function release(fly: Fly, request: Request): Reply {
  const machine = liveMachineOf(fly, request);
  answer(200, machine);
  machine.lease = null;
  fly.world.saveMachine(machine);
  return { status: 200, body: { status: 'success', data: { ok: true } } };
}

export const leaseRoutes: Route[] = [
  { method: 'POST', path: lease, action: 'lease.acquire', limitBy: 'machine', run: acquire },
  {
    method: 'GET',
    path: lease,
    action: 'lease.get',
    limitBy: 'machine',
    run: (fly, request) => answer(200, machineOf(fly, request)),
  },
  { method: 'DELETE', path: lease, action: 'lease.release', limitBy: 'machine', run: release },
];
