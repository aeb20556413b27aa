/** A sign-in lives this long after it was last prolonged, and is prolonged by use, at most once an hour. */
export const SIGN_IN_DAYS = 30;
export const REFRESH_AFTER_HOURS = 1;
