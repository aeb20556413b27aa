import { fill, type Json } from './schema/fill';
import type { World } from './store/world';
import { route } from './wire/route';

/** The account behind every key here: one per state directory, as a key of another account would say another. */
const renderAccount = (world: World): Json =>
  fill('account', { id: world.settings.account_id || 'acct_local', type: 'standard' });

export const accountRoutes = [route('GET', '/v1/account', null, ({ world }) => renderAccount(world))];
