import { localPath } from '@/server/http/local-path';

/** A local path to go on to after signing in; anything else leads to the dashboard. */
export const nextPath = (value: string | null | undefined): string => localPath(value) ?? '/dashboard';
