/** A sign-in lasts this long after its last extension; use extends it, at most once per hour. */
export const SIGN_IN_DAYS = 30;
export const REFRESH_AFTER_HOURS = 1;
