import { registry } from '@/server/metrics';

export const dynamic = 'force-dynamic';

/** Prometheus text of this web process. */
export async function GET(): Promise<Response> {
  return new Response(await registry.metrics(), { headers: { 'Content-Type': registry.contentType } });
}
