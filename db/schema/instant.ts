import { customType } from 'drizzle-orm/pg-core';

/** timestamptz(3), read and written as whole milliseconds since 1970 UTC: the one type of every instant. */
export const instant = customType<{ data: number; driverData: string | number | Date }>({
  dataType: () => 'timestamp (3) with time zone',
  fromDriver: (value) => (typeof value === 'number' ? value : new Date(value).getTime()),
  toDriver: (value) => new Date(value).toISOString(),
});
