import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { assign, mergeMetadata } from '../store/assign';
import { missingParam, refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import type { ProductRecord } from '../store/records';
import { change, emitFor } from '../webhooks/events';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';
import { createPrice } from './prices';

function create({ world, params }: Call): Json {
  const id = typeof params.id === 'string' ? params.id : newStripeId('prod');
  if (world.store.read('products', id)) {
    throw refuse(`Product already exists: ${id}`, 'id', 'resource_already_exists');
  }
  const now = world.now();
  const product: ProductRecord = {
    id,
    name: '',
    active: true,
    description: null,
    metadata: mergeMetadata({}, params.metadata),
    created: now,
    updated: now,
    default_price: null,
    images: [],
    marketing_features: [],
    url: null,
  };
  assign(product, params, ['name', 'active', 'description', 'images', 'marketing_features', 'url']);
  world.store.put('products', product);
  if (params.default_price_data) {
    const price = createPrice(world, { ...(params.default_price_data as Json), product: id });
    world.store.edit('products', id).default_price = price;
  }
  emitFor(world, 'product.created', 'products', id);
  return renderOne(world, 'products', id);
}

function update({ world, params, id }: Call): Json {
  world.need('products', id, 'product');
  const { default_price } = params;
  if (typeof default_price === 'string' && default_price && !world.store.read('prices', default_price)) {
    throw missingParam('price', default_price, 'default_price');
  }
  change(world, 'products', id, 'product.updated', (product) => {
    assign(product, params, [
      'name',
      'active',
      'description',
      'images',
      'marketing_features',
      'url',
      'default_price',
    ]);
    product.metadata = mergeMetadata(product.metadata, params.metadata);
    product.updated = world.now();
  });
  return renderOne(world, 'products', id);
}

function remove({ world, id }: Call): Json {
  world.need('products', id, 'product');
  if (world.store.all('prices').some((price) => price.product === id)) {
    throw refuse('This product cannot be deleted because it has prices: archive it instead.', 'id');
  }
  emitFor(world, 'product.deleted', 'products', id);
  world.store.remove('products', id);
  return { id, object: 'product', deleted: true };
}

export const productRoutes = [
  route('POST', '/v1/products', 'ProductCreateParams', create),
  listRoute('/v1/products', 'ProductListParams', 'products', (product, params) => {
    const ids = params.ids as string[] | undefined;
    return matches(params.active, product.active) && (!ids || ids.includes(product.id));
  }),
  retrieveRoute('/v1/products/:id', 'products'),
  route('POST', '/v1/products/:id', 'ProductUpdateParams', update),
  route('DELETE', '/v1/products/:id', null, remove),
];
