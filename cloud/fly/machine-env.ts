import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MachineRecord } from './records';
import type { World } from './world';

/**
 * Returns the complete environment of a machine: the configured variables, Fly's own, and six that an image or
 * network would set (`PORT`, `HOURGLASS_WORKSPACE`, `HOURGLASS_USER`, `HOURGLASS_SHARED`, `HOME`, `PATH`). No
 * variable of this process is included.
 */
export function machineEnv(world: World, machine: MachineRecord, port: number): Record<string, string> {
  const dir = world.machineStore.dirOf(machine.id);
  const mount = machine.config.mounts?.[0];
  const workspace = mount ? join(world.volumeStore.dirOf(mount.volume), 'data') : join(dir, 'workspace');
  mkdirSync(workspace, { recursive: true });
  return {
    ...machine.config.env,
    FLY_APP_NAME: machine.app,
    FLY_MACHINE_ID: machine.id,
    FLY_ALLOC_ID: machine.id,
    FLY_MACHINE_VERSION: machine.instanceId,
    FLY_REGION: machine.region,
    PRIMARY_REGION: machine.region,
    FLY_IMAGE_REF: machine.config.image,
    FLY_PRIVATE_IP: machine.privateIp,
    FLY_VM_MEMORY_MB: String(machine.config.guest?.memory_mb ?? 256),
    PORT: String(port),
    HOURGLASS_WORKSPACE: workspace,
    // Shells run as this user, without the rights of the cloud's user, if the agent has the right to switch users.
    HOURGLASS_USER: 'nobody',
    HOURGLASS_SHARED: '1',
    HOME: join(dir, 'home'),
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}`,
  };
}
