import type { Size } from '../../shapes';
import { type LaunchOrder, machineNameOf } from '../machines';

/** The port of the agent inside every machine, and the mount point of the session's volume. */
const INTERNAL_PORT = 8080;
const WORKSPACE = '/workspace';

export const GUESTS: Record<Size, { cpu_kind: 'shared'; cpus: number; memory_mb: number }> = {
  standard: { cpu_kind: 'shared', cpus: 2, memory_mb: 4096 },
};

/** Returns the provider's request for a machine that runs once, ends when it exits, and is never woken by traffic. */
export function machineRequest(order: LaunchOrder, image: string, environmentId: string, volumeId: string) {
  return {
    name: machineNameOf(order.runId),
    region: order.region,
    config: {
      image,
      env: order.env,
      guest: GUESTS[order.size],
      auto_destroy: true,
      restart: { policy: 'no' },
      stop_config: { signal: 'SIGTERM', timeout: `${order.graceSeconds}s` },
      mounts: [{ volume: volumeId, path: WORKSPACE }],
      metadata: {
        hourglass_env: environmentId,
        hourglass_installation: order.installationId,
        hourglass_session: order.sessionId,
        hourglass_run: order.runId,
      },
      services: [
        {
          protocol: 'tcp',
          internal_port: INTERNAL_PORT,
          autostart: false,
          autostop: 'off',
          ports: [
            { port: 443, handlers: ['tls', 'http'] },
            { port: 80, handlers: ['http'] },
          ],
        },
      ],
    },
  };
}
