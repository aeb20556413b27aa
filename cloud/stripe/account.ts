import { fill, type Json } from './schema/fill';
import type { World } from './store/world';
import { route } from './wire/route';

/** Renders the account that owns every key. Each state directory has its own account, like real keys of different accounts. */
const renderAccount = (world: World): Json =>
  fill('account', { id: world.settings.account_id || 'acct_local', type: 'standard' });

export const accountRoutes = [route('GET', '/v1/account', null, ({ world }) => renderAccount(world))];
