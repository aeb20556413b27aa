import { change } from './events';
import type { World } from './world';

/** The session can no longer be paid. */
export function expireSession(world: World, id: string): void {
  change(world, 'checkoutSessions', id, 'checkout.session.expired', (session) => {
    session.status = 'expired';
    session.challenge = null;
  });
}
