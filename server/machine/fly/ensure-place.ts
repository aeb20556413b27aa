import type { LaunchOrder, Outcome } from '../machines';
import type { FlyAccess } from './access';
import { ensureApp } from './ensure-app';
import { ensureVolume } from './ensure-volume';

/**
 * Where the machine of a run will live: the account's app and the session's volume, whose id is returned. An app that this
 * process has used is not asked about, unless the provider does not know it any more.
 */
export async function ensurePlace(
  fly: FlyAccess,
  order: LaunchOrder,
  stillWanted: () => Promise<boolean>,
): Promise<Outcome<string>> {
  if (fly.apps.has(order.app)) {
    const volume = await ensureVolume(fly, order, stillWanted);
    if (volume.ok || volume.failure.kind !== 'not_found') return volume;
    fly.apps.forget(order.app);
  }
  const app = await ensureApp(fly, order.app, stillWanted);
  if (!app.ok) return app;
  return ensureVolume(fly, order, stillWanted);
}
