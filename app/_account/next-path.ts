/** A local path to go on to after signing in; anything else leads to the dashboard. */
export function nextPath(value: string | null | undefined): string {
  return value?.startsWith('/') && !value.startsWith('//') && !value.includes('\\') ? value : '/dashboard';
}
