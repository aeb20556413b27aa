export type Flags = Record<string, string | boolean | undefined>;
/** A malformed call of the command; `main` prints the usage with it. */
export class UsageError extends Error {}

/** Returns a flag's text, empty when it is not given. */
export const text = (flags: Flags, name: string): string => String(flags[name] ?? '');
/** Returns a flag's text, undefined when it is not given. */
export const given = (flags: Flags, name: string): string | undefined =>
  typeof flags[name] === 'string' ? (flags[name] as string) : undefined;

/** Returns a flag as a number. Throws UsageError when it is not one. */
export function numberOf(flags: Flags, name: string): number {
  const value = Number(flags[name]);
  if (flags[name] === '' || !Number.isFinite(value)) throw new UsageError(`--${name} must be a number.`);
  return value;
}
