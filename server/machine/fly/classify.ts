import type { MachineFailure } from '../machines';

/** An unsuccessful answer of the provider, with its body parsed as far as possible. */
export type Refusal = { status: number; code: string | null; text: string };

const CAPACITY_CODES = new Set(['insufficient_capacity', 'volume_placement_capacity']);
const CAPACITY_TEXT =
  /insufficient (resources|memory|cpus)|no capacity|could not (find a candidate host|reserve resource)|insufficient IPs|over the allowed quota|machine limit/i;

/** Sentences of the provider's scheduler that mean nothing was created, whatever the status. */
const REFUSED_TEXT =
  /could not (find a candidate host|reserve resource for machine)|insufficient resources to create new machine|insufficient (memory|cpus) available to fulfill/i;
/** The host accepts no new machines for a while. */
const HOST_TEXT = /deploys to this host are (temporarily )?disabled/i;

/** Returns the refusal in an error body: JSON with `error` or `message`, or the text as it came. */
export function readRefusal(status: number, body: string): Refusal {
  try {
    const json = JSON.parse(body) as { error?: unknown; message?: unknown; status?: unknown };
    const text = String(json.message ?? json.error ?? body);
    const code = typeof json.status === 'string' && json.status !== 'error' ? json.status : null;
    return { status, code, text };
  } catch {
    return { status, code: null, text: body.slice(0, 500) };
  }
}

/**
 * Returns the failure that a refusal means. The provider's own code outranks the text. For a timeout or a server error
 * only the full sentences of a refusal count; without one, the outcome of a change is ambiguous.
 */
export function classify(refusal: Refusal, isChange: boolean): MachineFailure {
  const { status, code, text } = refusal;
  const kind = kindOf(status, code, text, isChange);
  return { kind, message: text.slice(0, 300), status };
}

function kindOf(
  status: number,
  code: string | null,
  text: string,
  isChange: boolean,
): MachineFailure['kind'] {
  if (code !== null && CAPACITY_CODES.has(code)) return 'no_capacity';
  if (REFUSED_TEXT.test(text)) return 'no_capacity';
  if (HOST_TEXT.test(text)) return 'unavailable';
  if (status === 429) return 'rate_limited';
  if (status === 404) return 'not_found';
  if (status === 408 || status === 500 || status === 502 || status === 504)
    return isChange ? 'ambiguous' : 'unavailable';
  if (CAPACITY_TEXT.test(text)) return 'no_capacity';
  if (status >= 500) return isChange ? 'ambiguous' : 'unavailable';
  return 'refused';
}
