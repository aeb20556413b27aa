import { failingParts } from '@/server/readiness';
import { webContext } from '../_server/context';

export const dynamic = 'force-dynamic';

/** 200 when PostgreSQL and Redis answer, else 503 with the names of those that do not. */
export async function GET(): Promise<Response> {
  const { ctx } = webContext();
  const failing = await failingParts(ctx, () => ctx.jobs.ping());
  return Response.json(
    { ready: failing.length === 0, failing },
    { status: failing.length === 0 ? 200 : 503 },
  );
}
