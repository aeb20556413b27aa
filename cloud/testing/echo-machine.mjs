// A machine for tests of the proxy: returns what it receives, over HTTP and WebSocket.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const me = process.env.FLY_MACHINE_ID;

const server = createServer(async (req, res) => {
  let length = 0;
  for await (const part of req) length += part.length;
  const back = new URL(req.url, 'http://x').searchParams.get('replay');
  if (back) res.setHeader('fly-replay', back);
  res.setHeader('x-machine', me);
  res.end(JSON.stringify({ me, method: req.method, url: req.url, headers: req.headers, length }));
});

const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket, req) => {
  socket.send(JSON.stringify({ me, headers: req.headers, url: req.url }));
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});

server.listen(Number(process.env.PORT), '127.0.0.1');
