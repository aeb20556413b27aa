import { LOCK_TIMEOUT_MS, type Sql, STATEMENT_TIMEOUT_MS } from './client';
import { PRODUCT_ROLE } from './rights';

/**
 * Returns a sentence about what is wrong with the connections of this pool, or null. Each must run as the product's
 * role and with its limits, which a pooler may drop or refuse. Throws the driver's error while PostgreSQL is
 * unreachable.
 */
export async function settingsProblem(sql: Sql): Promise<string | null> {
  try {
    const [is] = await sql<{ role: string; lock: number; statement: number }[]>`
      select current_user as role,
        (select setting::int from pg_settings where name = 'lock_timeout') as lock,
        (select setting::int from pg_settings where name = 'statement_timeout') as statement`;
    if (is?.role !== PRODUCT_ROLE) return `${OTHER} as ${is?.role} and not as ${PRODUCT_ROLE}. ${REMEDY}`;
    if (is.lock !== LOCK_TIMEOUT_MS || is.statement !== STATEMENT_TIMEOUT_MS)
      return `${OTHER} without the limits of the product (lock_timeout, statement_timeout). ${REMEDY}`;
    return null;
  } catch (error) {
    if (/unsupported startup parameter/.test(String((error as Error).message)))
      return `A pooler in front of PostgreSQL refuses the settings that connections are opened with. ${REMEDY}`;
    throw error;
  }
}

const OTHER = 'Connections to PostgreSQL work';
const REMEDY =
  'Give DATABASE_URL the address of PostgreSQL itself, or prepare the pooler and its login as docs/operations.md says.';
