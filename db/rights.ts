import postgres from 'postgres';

/**
 * The role of every process of the product: reads and writes rows, but cannot alter tables or change or delete
 * append-only rows. One role per cluster; the migrator grants its rights in each database.
 */
export const PRODUCT_ROLE = 'hourglass_app';

/** Tables whose rows are inserted and read, never changed. */
const APPEND_ONLY = ['usage_entry', 'audit'];
/** Tables written by triggers alone, with the owner's rights. */
const READ_ONLY = ['ledger_head'];

/** The login of the migrations lacks the right to grant the product's role. */
export class RightsMissing extends Error {
  constructor(login: string, cause: unknown) {
    super(
      `The login ${login} may not create the role of the product. Let an administrator of this PostgreSQL run once: CREATE ROLE ${PRODUCT_ROLE} NOLOGIN; GRANT ${PRODUCT_ROLE} TO "${login}"; then migrate again.`,
      { cause },
    );
    this.name = 'RightsMissing';
  }
}

/**
 * Creates the role when missing and grants its rights in this database, also on future tables. Throws RightsMissing.
 */
export async function giveRights(client: postgres.Sql): Promise<void> {
  const [me] = await client<{ login: string }[]>`select current_user as login`;
  const login = me?.login ?? '';
  await ensureRole(client, login);
  await client.begin((tx) => tx.unsafe(grants()));
}

/**
 * Roles belong to the cluster, and several of its databases may be migrated at the same time, so a concurrent creation
 * is not an error.
 */
async function ensureRole(client: postgres.Sql, login: string): Promise<void> {
  for (let tries = 1; !(await mayBecome(client)); tries++) {
    try {
      const [found] = await client`select 1 from pg_roles where rolname = ${PRODUCT_ROLE}`;
      if (!found) await client.unsafe(`create role ${PRODUCT_ROLE} nologin`);
      await client.unsafe(`grant ${PRODUCT_ROLE} to current_user`);
    } catch (error) {
      if (isCode(error, '42501')) throw new RightsMissing(login, error);
      if (tries >= 20 || !isCode(error, ...DONE_CONCURRENTLY)) throw error;
    }
  }
}

/** duplicate_object, unique_violation, "tuple concurrently updated" */
const DONE_CONCURRENTLY = ['42710', '23505', 'XX000'];

const isCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof postgres.PostgresError && codes.includes(error.code);

async function mayBecome(client: postgres.Sql): Promise<boolean> {
  try {
    await client.begin((tx) => tx.unsafe(`set local role ${PRODUCT_ROLE}`));
    return true;
  } catch (error) {
    if (isCode(error, '22023', '42501')) return false;
    throw error;
  }
}

const quoted = (names: string[]): string => names.map((name) => `'${name}'`).join(', ');

const grants = (): string => `
  grant usage on schema public to ${PRODUCT_ROLE};
  alter default privileges in schema public grant select, insert, update, delete on tables to ${PRODUCT_ROLE};
  do $$
  declare found record;
  begin
    for found in
      select c.oid::regclass as name, c.relname in (${quoted(APPEND_ONLY)}) as append_only, c.relname in (${quoted(READ_ONLY)}) as read_only
      from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'usage')
    loop
      execute format('grant select, insert, update, delete on %s to ${PRODUCT_ROLE}', found.name);
      if found.append_only then execute format('revoke update, delete, truncate on %s from ${PRODUCT_ROLE}', found.name); end if;
      if found.read_only then execute format('revoke insert, update, delete, truncate on %s from ${PRODUCT_ROLE}', found.name); end if;
    end loop;
  end $$;`;
