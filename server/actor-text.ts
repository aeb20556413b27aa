import type { Member } from './trpc';

/** Returns who acts, as written in the audit log: `apiKey:<id>` or `user:<id>`. */
export const actorText = (member: Member | null): string =>
  member?.kind === 'apiKey' ? `apiKey:${member.keyId}` : `user:${member?.userId ?? ''}`;
