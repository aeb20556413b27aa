import type { Member } from '../trpc';

/** Returns who acts, as written in the audit log. */
export const actorText = (member: Member): string =>
  member.kind === 'apiKey' ? `apiKey:${member.keyId}` : `user:${member.userId}`;
