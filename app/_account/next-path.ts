import { localPath } from '@/server/http/local-path';

/** Returns the local path to open after signing in; `/dashboard` for anything that leaves this site. */
export const nextPath = (value: string | null | undefined): string => localPath(value) ?? '/dashboard';
