// A small development server: pages, server-sent events, WebSockets that echo, bodies of any size.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const [, , port = '0', host] = process.argv;

const server = createServer(async (request, response) => {
  const path = request.url.split('?')[0];
  if (path === '/headers') return void response.end(JSON.stringify(request.headers));
  if (path === '/count') {
    let bytes = 0;
    for await (const chunk of request) bytes += chunk.length;
    return void response.end(String(bytes));
  }
  if (path === '/zeros') {
    const block = Buffer.alloc(1024 * 1024);
    for (let left = Number(new URL(request.url, 'http://a').searchParams.get('mib')); left > 0; left--)
      if (!response.write(block)) await new Promise((resolve) => response.once('drain', resolve));
    return void response.end();
  }
  if (path === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let count = 0;
    const timer = setInterval(() => response.write(`data: ${++count}\n\n`), 200);
    return void response.on('close', () => clearInterval(timer));
  }
  if (path === '/away')
    return void response
      .writeHead(302, {
        location: `http://localhost:${port}/there`,
        'fly-replay': 'app=other',
        'set-cookie': 'a=1',
      })
      .end();
  response.writeHead(200, { 'content-type': 'text/html' }).end(`<h1>It works on ${port}</h1>`);
});

server.on('upgrade', (request, socket) => {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  socket.on('error', () => {});
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  // Small unfragmented messages only: unmasked, they are echoed as text.
  socket.on('data', (frame) => {
    const length = frame[1] & 127;
    if ((frame[0] & 15) !== 1 || length > 125) return void socket.end();
    const mask = frame.subarray(2, 6);
    const text = Buffer.from(frame.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4]));
    socket.write(Buffer.concat([Buffer.from([129, length]), text]));
  });
});

server.listen(Number(port), host, () => console.log(`listening on ${server.address().port}`));
