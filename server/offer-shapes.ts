import type { Money, Price } from './shapes';

/** Public shapes of what can be bought. Money is in minor units. */

export type UpgradePlan = {
  id: string;
  name: string;
  monthlySeconds: number | null;
  /** The whole quota of this month if the plan were bought now; null is no limit. */
  thisMonthSeconds: number | null;
  maxSessions: number;
  price: Price | null;
  url: string;
};

/** Compute that is paid once; the price is null when it is not for sale. */
export type PricedPack = { id: string; name: string; seconds: number; price: Money | null };
export type UpgradePack = PricedPack & { url: string };

/** What lifts a refusal: larger plans, and packs when time is lacking. */
export type Upgrade = { url: string; plans: UpgradePlan[]; packs: UpgradePack[] };

/** A pack that was bought and has not expired. */
export type OwnPack = {
  id: string;
  name: string;
  seconds: number;
  leftSeconds: number;
  boughtAt: string;
  endsAt: string;
};
