import { z } from 'zod';
import type { Ctx } from '../context';
import { DomainError } from '../errors';
import { reduceError } from './reduce-error';

const shape = z.strictObject({
  release: z.string().regex(/^[\w.+-]{1,60}$/),
  kind: z.enum(['page', 'script', 'promise']),
  message: z.string().max(2_000),
  stack: z.string().max(16_000),
  path: z.string().max(2_000),
});

type Sender = { address: string; browser: string };

/**
 * Writes what broke in a browser into the log, reduced to what identifies nobody. Throws INVALID_INPUT, and RATE_LIMITED
 * when an address or all of them report too much.
 */
export async function noteError(
  { rates, log }: Pick<Ctx, 'rates' | 'log'>,
  sender: Sender,
  body: unknown,
): Promise<void> {
  await rates.takeClientError(sender.address);
  const parsed = shape.safeParse(body);
  if (!parsed.success) throw new DomainError('INVALID_INPUT', 'This is not a report of an error of a page.');
  const { release, kind, ...raw } = parsed.data;
  log.warn({ release, kind, browser: sender.browser, ...reduceError(raw) }, 'a page failed in a browser');
}
