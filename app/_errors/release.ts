/** The name of the build a page came from, written into its scripts by the build; `unknown` outside of one. */
export const RELEASE: string = process.env.RELEASE ?? 'unknown';
