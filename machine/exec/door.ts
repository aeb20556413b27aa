import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Call, Door } from '../doors/doors';
import { fieldsOf } from '../doors/fields';
import { Refusal } from '../doors/refusal';
import { nowAndThen, type TellWork } from '../doors/tell-work';
import type { Identity } from '../identity';
import type { Shell } from '../work/work-meter';
import { Command } from './command';
import { orderOf } from './order';

const MOST_AT_ONCE = 8;
/** Proxies close a response that sends nothing for a minute. */
const HEARTBEAT_MS = 15_000;

export type ExecOptions = {
  person: { cwd: string; env: Record<string, string>; identity: Identity | null };
  /** Called when a command writes output. */
  onWork: TellWork;
};

/**
 * Runs commands. The response has one line of JSON per piece of output, `{}` as a heartbeat, and a last line with
 * `exitCode`; without that line the outcome is unknown. A command ends with the request that started it.
 */
export class ExecDoor implements Door {
  private readonly running = new Set<Command>();
  private readonly worked: () => void;

  constructor(private readonly options: ExecOptions) {
    this.worked = nowAndThen(options.onWork);
  }

  /** The running commands, for measuring their work. */
  get shells(): Shell[] {
    const nothing = { hasLine: false, hasText: false, at: 0 };
    return [...this.running].flatMap(({ pid }) => (pid ? { pid, takePrinted: () => nothing } : []));
  }

  async serve({ request, response, query, signal }: Call): Promise<void> {
    if (request.method !== 'POST') throw new Refusal(405, 'INVALID_INPUT', 'A command is run with POST.');
    const order = orderOf(await fieldsOf(request, query), this.options.person);
    if (this.running.size >= MOST_AT_ONCE)
      throw new Refusal(
        429,
        'RATE_LIMITED',
        `${MOST_AT_ONCE} commands run already. Try again when one is done.`,
      );
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.flushHeaders();
    const command = new Command(order, this.options.person.identity, {
      output: async (stream, bytes) => {
        this.worked();
        await say(response, { stream, data: bytes.toString('base64') }, signal);
      },
    });
    this.running.add(command);
    const stop = () => command.stop();
    signal.addEventListener('abort', stop);
    if (signal.aborted) command.stop();
    const heartbeat = setInterval(() => response.write('{}\n'), HEARTBEAT_MS);
    try {
      const ended = await command.ended;
      // Processes the command left in the background outlive the request.
      signal.removeEventListener('abort', stop);
      response.end(`${JSON.stringify(ended)}\n`);
    } finally {
      clearInterval(heartbeat);
      this.running.delete(command);
    }
  }

  /** Kills every running command. */
  kill(): void {
    for (const command of this.running) command.signal('SIGKILL');
  }
}

/** Writes one line; resolves once the reader has room for more. Throws when `signal` aborts meanwhile. */
async function say(response: ServerResponse, line: object, signal: AbortSignal): Promise<void> {
  if (!response.write(`${JSON.stringify(line)}\n`)) await once(response, 'drain', { signal });
}
