import { StringDecoder } from 'node:string_decoder';
import type { Ctx } from '../context';
import { DomainError, type Reason } from '../errors';
import type { Grant } from '../run/grants';
import { connectSession } from './connect';
import { linesOf } from './read-lines';

export type ExecInput = {
  accountId: string;
  sessionId: string;
  grant: Grant;
  /** A text runs in a shell; a list runs as it is. */
  command: string | string[];
  cwd?: string;
  env?: Record<string, string>;
  timeoutSeconds?: number;
};

export type ExecResult = {
  /** Null when a signal ended the command, also the one after its time limit. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** Whether more was written than is returned. */
  truncated: boolean;
  timedOut: boolean;
};

/** Limit of each returned stream, in bytes. */
const MOST_BYTES = 1024 * 1024;
const USUAL_SECONDS = 60;
/** The machine itself ends a command at its limit; past this slack it counts as unreachable. */
const SLACK_SECONDS = 15;

/**
 * Runs one command in a running session; returns its output and how it ended. Throws NOT_FOUND, NOT_RUNNING,
 * INVALID_INPUT, RATE_LIMITED, PROVIDER_UNAVAILABLE when the machine is unreachable or lost meanwhile.
 */
export async function execInSession(ctx: Ctx, input: ExecInput, signal?: AbortSignal): Promise<ExecResult> {
  const { accountId, sessionId, grant, ...order } = input;
  const { url, token } = await connectSession(ctx, { accountId, sessionId, grant, door: 'exec' });
  const late = AbortSignal.timeout(((order.timeoutSeconds ?? USUAL_SECONDS) + SLACK_SECONDS) * 1_000);
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(order),
    signal: signal ? AbortSignal.any([late, signal]) : late,
  }).catch(() => {
    throw unreachable('The machine cannot be reached right now. Try again in a moment.');
  });
  if (!response.ok || !response.body) throw await refusalIn(response);
  return collect(response.body);
}

const unreachable = (sentence: string) => new DomainError('PROVIDER_UNAVAILABLE', sentence);

const PASSED_ON: readonly string[] = ['INVALID_INPUT', 'RATE_LIMITED', 'NOT_RUNNING'] satisfies Reason[];

/** Returns the refusal of gateway or machine; an unexplained one means that the machine is unreachable. */
async function refusalIn(response: Response): Promise<DomainError> {
  const body = (await response.json().catch(() => null)) as {
    error?: { reason: string; message: string };
  } | null;
  const { reason = '', message = '' } = body?.error ?? {};
  return PASSED_ON.includes(reason)
    ? new DomainError(reason as Reason, message)
    : unreachable('The machine cannot be reached right now. Try again in a moment.');
}

type Line = { stream?: 'stdout' | 'stderr'; data?: string; exitCode?: number | null; timedOut?: boolean };

/** Reads the answer to its end. Output beyond the limit is read and dropped. */
async function collect(body: ReadableStream<Uint8Array>): Promise<ExecResult> {
  const streams = { stdout: new Kept(), stderr: new Kept() };
  try {
    for await (const line of linesOf(body)) {
      const { stream, data = '', exitCode, timedOut } = JSON.parse(line) as Line;
      if (stream) streams[stream].add(Buffer.from(data, 'base64'));
      else if (exitCode !== undefined) {
        const { stdout, stderr } = streams;
        return {
          exitCode,
          stdout: stdout.text(),
          stderr: stderr.text(),
          truncated: stdout.isCut || stderr.isCut,
          timedOut: timedOut === true,
        };
      }
    }
  } catch {
    // said below
  }
  throw unreachable(
    'The machine was lost while the command ran. Look what it has done before you run it again.',
  );
}

/** The beginning of a stream. */
class Kept {
  isCut = false;
  private readonly chunks: Buffer[] = [];
  private size = 0;

  add(bytes: Buffer): void {
    const taken = bytes.subarray(0, MOST_BYTES - this.size);
    if (taken.length < bytes.length) this.isCut = true;
    if (taken.length > 0) this.chunks.push(taken);
    this.size += taken.length;
  }

  /** A character that was cut at the end is left out. */
  text(): string {
    const bytes = Buffer.concat(this.chunks);
    return this.isCut ? new StringDecoder('utf8').write(bytes) : bytes.toString('utf8');
  }
}
