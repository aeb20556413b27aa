import { makeLog } from '@/server/log';
import { openFly } from '@/server/machine/fly';
import type { Machines } from '@/server/machine/machines';

/** Opens the Fly adapter on a Machines API of this computer. */
export const openLocalMachines = (port: number): Machines =>
  openFly({
    apiUrl: `http://127.0.0.1:${port}`,
    token: 'local',
    org: 'local',
    environmentId: 'dev',
    image: 'machine',
    log: makeLog('test', 'silent'),
  });
