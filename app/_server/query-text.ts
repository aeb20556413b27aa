/** Returns a query parameter cut to `most` characters; empty when it is missing, repeated or has control characters. */
export const queryText = (value: string | string[] | undefined, most: number): string =>
  typeof value === 'string' && /^\P{Cc}*$/u.test(value) ? value.slice(0, most) : '';
