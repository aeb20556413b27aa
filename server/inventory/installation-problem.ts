import type { Row } from '@/db/rows';
import type { installation } from '@/db/schema/machine';
import type { Ctx } from '../context';
import { isLoopback } from '../loopback';

/**
 * Returns why this process must not use this database, as a sentence, or null. The first start at a provider shared
 * with others records its environment and address with the installation. Another environment or address means a copy of
 * the database, or an installation that has moved; only an operator knows which.
 */
export async function installationProblem(ctx: Pick<Ctx, 'sql' | 'env'>): Promise<string | null> {
  const { APP_URL, ENVIRONMENT_ID, FLY_API_URL } = ctx.env;
  if (isLoopback(FLY_API_URL)) return null;
  const [is] = await ctx.sql<Pick<Row<typeof installation>, 'id' | 'environment_id' | 'app_url'>[]>`
    update installation set environment_id = coalesce(environment_id, ${ENVIRONMENT_ID}),
      app_url = coalesce(app_url, ${APP_URL})
    returning id, environment_id, app_url`;
  if (!is || (is.environment_id === ENVIRONMENT_ID && is.app_url === APP_URL)) return null;
  return (
    `This database belongs to the installation ${is.id}, which runs as ENVIRONMENT_ID=${is.environment_id} at ${is.app_url}; ` +
    `this process was started as ${ENVIRONMENT_ID} at ${APP_URL}. Where the database is a copy, give it an ENVIRONMENT_ID of its own ` +
    'and run `operator installation renew`; where the same installation has a new address, run `operator installation move`.'
  );
}
