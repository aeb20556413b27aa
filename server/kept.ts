/** What outlives a stop, in the sentence that pages and emails share. */
export const KEPT =
  'Files in /workspace and your home folder are kept; packages installed into the system are not.';
