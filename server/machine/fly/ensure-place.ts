import type { LaunchOrder, Outcome } from '../machines';
import type { FlyAccess } from './access';
import { ensureApp } from './ensure-app';
import { ensureVolume } from './ensure-volume';

/**
 * Makes sure that the account's app and the session's volume exist; returns the volume's id. An app this process has
 * used is not checked, unless the provider no longer knows it.
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
