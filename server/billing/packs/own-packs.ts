import { toIso } from '../../clock';
import type { OwnPack } from '../../offer-shapes';
import { type AccountState, liveSums } from '../../quota/account-state';

/** Returns the packs of an account that have not ended, for display, in the order of their use. Pure. */
export const ownPacks = (state: AccountState): OwnPack[] =>
  state.packs
    .filter(({ endsAt }) => endsAt > state.now)
    .map(({ id, key, name, seconds, quotaMs, boughtAt, endsAt }) => ({
      id,
      name,
      seconds,
      leftSeconds: Math.max(0, quotaMs - liveSums(state, key).usedMs) / 1000,
      boughtAt: toIso(boughtAt),
      endsAt: toIso(endsAt),
    }));
