import type { Json } from '../schema/fill';
import { mergeMetadata } from '../store/assign';
import type { ItemRecord, SubscriptionRecord } from '../store/billing-records';
import { missingParam, refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import type { World } from '../store/world';

interface ItemParam {
  id?: string;
  price?: string;
  quantity?: number;
  deleted?: boolean;
  metadata?: Json | '';
}

/**
 * Returns the items after an update. An entry with an id changes that item; an entry without an id adds one. Throws
 * a refusal for an unknown item or price, a duplicate price, or no items left.
 */
export function applyItems(
  world: World,
  subscription: Readonly<SubscriptionRecord>,
  params: unknown,
): ItemRecord[] {
  const items = subscription.items.map((item) => ({ ...item }));
  for (const [index, change] of ((params ?? []) as ItemParam[]).entries()) {
    const at = `items[${index}]`;
    if (change.price && !world.store.read('prices', change.price)) {
      throw missingParam('price', change.price, `${at}[price]`);
    }
    const item = change.id
      ? items.find((held) => held.id === change.id)
      : addItem(world, items, change, at, subscription);
    if (!item) throw missingParam('subscription item', String(change.id), `${at}[id]`);
    if (change.deleted) items.splice(items.indexOf(item), 1);
    if (change.price) item.price = change.price;
    if (change.quantity !== undefined) item.quantity = change.quantity;
    item.metadata = mergeMetadata(item.metadata, change.metadata);
    refuseTwins(items, at);
  }
  if (items.length === 0) throw refuse('A subscription must have at least one item.', 'items');
  return items;
}

function addItem(
  world: World,
  items: ItemRecord[],
  change: ItemParam,
  at: string,
  subscription: Readonly<SubscriptionRecord>,
): ItemRecord {
  if (!change.price)
    throw refuse(`Missing required param: ${at}[price].`, `${at}[price]`, 'parameter_missing');
  const item: ItemRecord = {
    id: newStripeId('si'),
    price: change.price,
    quantity: change.quantity ?? 1,
    metadata: {},
    created: world.now(subscription.customer),
  };
  items.push(item);
  return item;
}

function refuseTwins(items: ItemRecord[], at: string): void {
  if (new Set(items.map((item) => item.price)).size === items.length) return;
  throw refuse('Cannot add multiple subscription items with the same price.', `${at}[price]`);
}

/** Returns the items that the update removes (`gone`) and adds (`come`). A changed price or quantity counts as both. */
export function changedItems(
  before: readonly ItemRecord[],
  after: readonly ItemRecord[],
): { gone: ItemRecord[]; come: ItemRecord[] } {
  const same = (a: ItemRecord, b: ItemRecord) =>
    a.id === b.id && a.price === b.price && a.quantity === b.quantity;
  return {
    gone: before.filter((item) => !after.some((other) => same(item, other))),
    come: after.filter((item) => !before.some((other) => same(item, other))),
  };
}
