import { z } from 'zod';
import type { Volume } from '../machines';

const text = z.string().catch('');
const volume = z
  .object({
    id: text,
    app_name: text,
    name: text,
    state: text,
    region: text,
    created_at: text,
    attached_machine_id: z.string().nullish().catch(null),
  })
  .loose();

/** Matches every state the provider has for a volume being removed. */
const BEING_REMOVED = /destroy/;

/**
 * Returns a volume in the port's shape, or null when the answer is not one. A volume in an unrecognised state counts as
 * existing.
 */
export function readVolume(raw: unknown, app: string): Volume | null {
  const parsed = volume.safeParse(raw);
  if (!parsed.success || parsed.data.id === '') return null;
  const { data } = parsed;
  return {
    id: data.id,
    app: data.app_name || app,
    name: data.name,
    region: data.region,
    createdAt: Date.parse(data.created_at) || 0,
    attachedMachineId: data.attached_machine_id || null,
    isGone: BEING_REMOVED.test(data.state),
  };
}
