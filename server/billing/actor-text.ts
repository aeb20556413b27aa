import type { Member } from '../trpc';

/** Who acts, as the audit writes it. */
export const actorText = (member: Member): string =>
  member.kind === 'apiKey' ? `apiKey:${member.keyId}` : `user:${member.userId}`;
