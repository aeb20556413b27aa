import { z } from 'zod';
import { SCOPES } from './shapes';
import { visibleName } from './visible-text';

/** `expiresAt`: when the key expires; without it the key does not expire. */
export const apiKeyCreate = z.strictObject({
  name: visibleName(80),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  expiresAt: z.iso.datetime().optional(),
});
