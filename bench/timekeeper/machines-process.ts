import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Pretended, startMachinesApi } from '@/test/pretend/machines-api';

/**
 * Runs the simulated Machines API in its own process, with a control port through which the benchmark adds machines and
 * reads counts.
 */

const api = await startMachinesApi({ answerMs: Number(process.argv[2] ?? 50) });
const door = createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  if (request.url === '/add') for (const machine of JSON.parse(text) as Pretended[]) api.add(machine);
  if (request.url === '/reset') api.rates.reset();
  const { calls, tooEarly, most } = api.rates;
  const machines = request.url === '/machines' ? [...api.machines.values()] : [];
  response.end(JSON.stringify({ calls, tooEarly, most, machines }));
});
await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
process.stdout.write(`${api.url} http://127.0.0.1:${(door.address() as AddressInfo).port}\n`);
process.on('disconnect', () => process.exit(0));
