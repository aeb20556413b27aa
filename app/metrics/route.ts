import { registry } from '@/server/metrics';

export const dynamic = 'force-dynamic';

/** Returns the metrics of this web process as Prometheus text. */
export async function GET(): Promise<Response> {
  return new Response(await registry.metrics(), { headers: { 'Content-Type': registry.contentType } });
}
