import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { POST } from '@/app/api/stripe/webhook/route';

/** Serves the web's webhook route alone in its own process, so that several of them share only the database. */

async function toRequest(message: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const signature = message.headers['stripe-signature'];
  return new Request('http://127.0.0.1/api/stripe/webhook', {
    method: 'POST',
    headers: typeof signature === 'string' ? { 'stripe-signature': signature } : {},
    body: Buffer.concat(chunks),
  });
}

// The parent has ended, for whatever reason, so this process is no longer needed.
process.stdin.resume().once('close', () => process.exit(0));

const server = createServer(async (message, response) => {
  const answer = await POST(await toRequest(message));
  response.writeHead(answer.status).end(await answer.text());
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`);
});
