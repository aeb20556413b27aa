import { FlyError } from './fly-error';
import type { MachineConfig } from './records';
import { checkStopConfig } from './stop-request';

const known =
  'image env init guest metadata mounts services checks metrics files statics processes restart stop_config schedule auto_destroy dns standbys rootfs cache_drive containers volumes size disable_machine_autostart spot'.split(
    ' ',
  );

function refuse(text: string): never {
  throw new FlyError(400, `invalid_argument: ${text}`);
}

function checkStrings(value: unknown, name: string): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'object' || Array.isArray(value)) refuse(`config.${name} must be an object`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      refuse(
        `json: cannot unmarshal ${typeof text} into Go struct field config.${name}.${key} of type string`,
      );
    }
  }
}

function checkGuest(guest: MachineConfig['guest']): void {
  if (!guest) return;
  const { cpu_kind: kind = 'shared', cpus = 1, memory_mb: memory = 256 } = guest;
  const performance = kind === 'performance';
  if (!performance && kind !== 'shared') refuse(`invalid config.guest.cpu_kind '${kind}'`);
  const counts = performance ? [1, 2, 4, 6, 8, 10, 12, 14, 16, 32, 64, 128] : [1, 2, 4, 6, 8];
  if (!counts.includes(cpus)) refuse(`invalid config.guest.cpus ${cpus} for ${kind}`);
  const [least, most, step] = performance ? [2048, 8192, 1024] : [256, 2048, 256];
  if (memory < least * cpus || memory > most * cpus || memory % step !== 0) {
    refuse(`invalid config.guest.memory_mb ${memory} for ${cpus} ${kind} cpus`);
  }
}

/** Returns the config of a create, checked more strictly than Fly checks it. Throws 400. */
export function checkMachineConfig(value: unknown): MachineConfig {
  if (!value || typeof value !== 'object' || Array.isArray(value)) refuse('config is required');
  const config = value as MachineConfig;
  for (const name of Object.keys(config))
    if (!known.includes(name)) refuse(`json: unknown field "config.${name}"`);
  if (typeof config.image !== 'string' || config.image === '') refuse('config.image is required');
  checkStrings(config.env, 'env');
  checkStrings(config.metadata, 'metadata');
  checkGuest(config.guest);
  checkStopConfig(config.stop_config, 'stop_config');
  if (config.mounts && config.mounts.length > 1) refuse('only one mount per machine is supported');
  const policy = config.restart?.policy;
  if (policy !== undefined && !['no', 'always', 'on-failure'].includes(policy)) {
    refuse(`invalid config.restart.policy '${String(policy)}'`);
  }
  for (const service of config.services ?? []) {
    if (typeof service.internal_port !== 'number') refuse('config.services[].internal_port is required');
  }
  return config;
}
