import { z } from 'zod';
import { SCOPES } from './shapes';
import { visibleName } from './visible-text';

/** `expiresAt`: the instant from which on the key opens nothing; without it the key has no end. */
export const apiKeyCreate = z.strictObject({
  name: visibleName(80),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  expiresAt: z.iso.datetime().optional(),
});
