import type { Ctx } from '../context';
import type { Session } from '../shapes';
import { updateSession } from './update';

/** Renames a session and returns it. Throws NOT_FOUND, QUOTA_UNAVAILABLE. */
export const renameSession = (
  ctx: Ctx,
  input: { accountId: string; sessionId: string; name: string },
): Promise<Session> => updateSession(ctx, input);
