import { expectTypeOf, it } from 'vitest';
import type { ColumnName, Row } from './rows';
import type { usagePeriod } from './schema/quota';
import type { run } from './schema/session';

it('a row has the column names of its table, with their types', () => {
  expectTypeOf<Row<typeof run>['lease_until']>().toEqualTypeOf<number>();
  expectTypeOf<Row<typeof run>['started_at']>().toEqualTypeOf<number | null>();
  expectTypeOf<Row<typeof run>['status']>().toEqualTypeOf<
    'starting' | 'running' | 'stopping' | 'stopped' | 'failed'
  >();
  expectTypeOf<Row<typeof usagePeriod>['quota_ms']>().toEqualTypeOf<number | null>();
  expectTypeOf<keyof Row<typeof usagePeriod>>().toEqualTypeOf<
    'account_id' | 'period' | 'quota_ms' | 'forgiven_ms' | 'used_ms' | 'held_ms'
  >();
  expectTypeOf<ColumnName<typeof run, 'leaseUntil'>>().toEqualTypeOf<'lease_until'>();
});
