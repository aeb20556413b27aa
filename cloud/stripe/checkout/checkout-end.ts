import type { World } from '../store/world';
import { expireIncomplete } from '../subscriptions/subscription-renew';
import { change } from '../webhooks/events';

/** Expires a checkout session. The incomplete subscription that the session created expires with it. */
export function expireSession(world: World, id: string): void {
  const { begun } = world.need('checkoutSessions', id, 'checkout.session');
  if (begun && world.store.read('subscriptions', begun)?.status === 'incomplete')
    expireIncomplete(world, begun);
  change(world, 'checkoutSessions', id, 'checkout.session.expired', (session) => {
    session.status = 'expired';
    session.challenge = null;
  });
}
