import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** The lists and reads of a Machines API with very many machines, as fast as possible, for measuring its readers. */

export type ListServer = { url: string; destroyed: Set<string>; close(): Promise<void> };
export type ListOptions = {
  /** Machines of runs: machine `n` belongs to run `runIdOf(n)`. */
  machines: number;
  /** Additional machines that belong to no run. */
  strays?: number;
  /** Largest page, whatever limit the request asks for. */
  pageMost?: number;
};

const digits = (n: number) => String(n).padStart(9, '0');
export const runIdOf = (n: number): string => `00000000-0000-7000-8000-000${digits(n)}`;
export const machineIdOf = (n: number): string => `feed0${digits(n)}`;

function view(n: number, machines: number): string {
  const run = n <= machines ? runIdOf(n) : `nobody-${n}`;
  // A stray belongs to the app of a known account, as a machine leaked by this product would.
  const account = n <= machines ? n : ((n - 1) % machines) + 1;
  const metadata = `{"hourglass_env":"dev","hourglass_installation":"bench","hourglass_session":"s-${n}","hourglass_run":"${run}"}`;
  const guest = '{"cpu_kind":"shared","cpus":2,"memory_mb":4096}';
  return `{"id":"${machineIdOf(n)}","app_name":"hg-dev-account-${account}","name":"run-${run}","state":"started","region":"iad","instance_id":"01J8ZQ7N3V","version":"01J8ZQ7N3V","private_ip":"fdaa::${n % 9999}","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","config":{"image":"registry/machine@sha256:0000","guest":${guest},"metadata":${metadata}}}`;
}

/** Starts the server on a free port of 127.0.0.1. */
export async function startListServer({
  machines,
  strays = 0,
  pageMost = 1_000,
}: ListOptions): Promise<ListServer> {
  const destroyed = new Set<string>();
  const total = machines + strays;
  const page = (query: URLSearchParams): string => {
    const limit = Math.min(Number(query.get('limit') ?? 100), pageMost);
    const from = Number(query.get('cursor') || 0) + 1;
    const items: string[] = [];
    let n = from;
    for (; n <= total && n < from + limit; n++)
      if (!destroyed.has(machineIdOf(n))) items.push(view(n, machines));
    return `{"machines":[${items.join(',')}],"next_cursor":"${n <= total ? n - 1 : ''}","error_regions":[]}`;
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://local');
    const answer = (status: number, body: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    const id = /\/machines\/(\w+)$/.exec(url.pathname)?.[1];
    if (!id) return answer(200, page(url.searchParams));
    const n = Number(id.slice(5));
    if (n > total) return answer(404, '{"error":"machine not found"}');
    if (request.method === 'DELETE') destroyed.add(id);
    const machine = view(n, machines);
    return answer(200, destroyed.has(id) ? machine.replace('"started"', '"destroyed"') : machine);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    destroyed,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [machines, strays] = process.argv.slice(2).map(Number);
  const { url } = await startListServer({ machines: machines ?? 0, strays: strays ?? 0 });
  process.stdout.write(`${url}\n`);
}
