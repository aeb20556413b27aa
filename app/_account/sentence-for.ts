/** Returns an error of the sign-in library as a sentence the user can act on. */
export function sentenceFor(error: { status?: number; code?: string; message?: string }): string {
  if (error.code === 'RATE_LIMITED' && error.message) return error.message;
  if (error.status === 429) return 'Too many attempts. Wait a minute, then try again.';
  if (error.code === 'INVALID_EMAIL_OR_PASSWORD')
    return 'This email or password is not correct. If you have just signed up, open the link in our email first.';
  if (error.code?.startsWith('USER_ALREADY_EXISTS'))
    return 'There is an account for this address already. Sign in instead.';
  if (error.code === 'INVALID_PASSWORD') return 'This is not your password.';
  if (error.code === 'INVALID_CODE' || error.code === 'INVALID_BACKUP_CODE')
    return 'This code is not valid or was used before. Enter the one that is shown now.';
  if (error.code === 'INVALID_TWO_FACTOR_COOKIE' || error.code?.startsWith('TOO_MANY_ATTEMPTS'))
    return 'This took too long, or too many attempts. Start again with your password.';
  if (error.message) return error.message;
  return 'The service cannot be reached right now. Try again in a moment.';
}
