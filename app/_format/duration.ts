/** The one format of durations, in pages and in sentences of the server. */
export { formatAllowance, formatDuration } from '@/server/duration';
