/** One way to write a duration, in pages and in what the server says. */
export { formatAllowance, formatDuration } from '@/server/duration';
