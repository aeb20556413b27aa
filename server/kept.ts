/** What outlives a stop, in the one sentence that pages and mails use. */
export const KEPT =
  'Files in /workspace and your home folder are kept; packages installed into the system are not.';
