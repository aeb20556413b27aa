'use client';

import { createAuthClient } from 'better-auth/react';

export const signInClient = createAuthClient();

/** A local path to go on to after signing in; anything else leads to the dashboard. */
export function nextPath(value: string | null): string {
  return value?.startsWith('/') && !value.startsWith('//') && !value.includes('\\') ? value : '/dashboard';
}
