// Exits 0 when the process of this container answers /healthz. Which process that is stands in the container's command;
// an argument (`web`, `worker`, `gateway`, `cloud`) says it where the command cannot be read.
import { readFileSync } from 'node:fs';

const PORTS = {
  web: ['PORT', 3000],
  worker: ['WORKER_PORT', 3001],
  gateway: ['GATEWAY_PORT', 3002],
  cloud: ['CLOUD_CONTROL_PORT', 4284],
};

const words = process.argv[2] ? [process.argv[2]] : readFileSync('/proc/1/cmdline', 'utf8').split(/[\0 ]/);
const name = words.find((word) => Object.hasOwn(PORTS, word));
if (!name) {
  process.stderr.write('This container runs none of web, worker, gateway and cloud.\n');
  process.exit(1);
}
const [variable, port] = PORTS[name];
const path = name === 'cloud' ? '/control/machines' : '/healthz';
const answer = await fetch(`http://127.0.0.1:${process.env[variable] || port}${path}`, {
  signal: AbortSignal.timeout(4_000),
}).catch((error) => ({ ok: false, status: error.message }));
if (!answer.ok) process.stderr.write(`${name} does not answer /healthz: ${answer.status}\n`);
process.exit(answer.ok ? 0 : 1);
