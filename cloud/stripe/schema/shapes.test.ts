import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { checkShape } from './check';
import { fill } from './fill';
import { loadShapes } from './load';

const require = createRequire(import.meta.url);
const regenerate = 'after an SDK update run: node --import tsx cloud/stripe/schema/generate.ts';

describe('shapes generated from the SDK', () => {
  it('come from the installed version', () => {
    const file = join(dirname(require.resolve('stripe')), '../package.json');
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(loadShapes().stripe, regenerate).toBe(version);
    expect(loadShapes().apiVersion, regenerate).toBe(Stripe.API_VERSION);
  });

  it('find missing, wrong and unknown fields', () => {
    const clock = fill('test_helpers.test_clock', {
      id: 'clock_1',
      created: 1,
      deletes_after: 2,
      frozen_time: 1,
      status: 'ready',
      status_details: {},
    });
    expect(checkShape('test_helpers.test_clock', clock)).toEqual([]);
    const { id: _id, ...rest } = clock;
    const faults = checkShape('test_helpers.test_clock', { ...rest, status: 7, colour: 'red' });
    expect(faults).toHaveLength(3);
    expect(faults.join('\n')).toMatch(/id: is missing[\s\S]*7 is not one of[\s\S]*colour: is not a field/);
  });

  it('follow the pinned version: a period is on the items, not on the subscription', () => {
    const text = JSON.stringify(loadShapes().shapes.get('subscription'));
    expect(text).not.toContain('current_period_end');
    expect(JSON.stringify(loadShapes().shapes.get('subscription_item'))).toContain('current_period_end');
  });
});
