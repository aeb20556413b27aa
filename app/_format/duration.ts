/** The format of durations in pages and in the server's sentences. */
export { formatAllowance, formatDuration } from '@/server/duration';
