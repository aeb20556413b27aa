/** How long a sign-in lives without being used, and how long it is used before it is prolonged, in days. */
export const SIGN_IN_DAYS = 30;
export const REFRESH_AFTER_DAYS = 1;
