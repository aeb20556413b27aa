/** A value out of an address, cut; empty when it is missing, repeated, or nothing that could be one of our words. */
export const queryText = (value: string | string[] | undefined, most: number): string =>
  typeof value === 'string' && /^\P{Cc}*$/u.test(value) ? value.slice(0, most) : '';
