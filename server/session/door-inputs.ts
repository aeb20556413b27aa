import { z } from 'zod';
import { DOORS } from '../run/tokens';
import { inputs } from '../shapes';

/** What the procedures take that lead to a machine's doors. */
export const doorInputs = {
  connect: inputs.sessionId.extend({ door: z.enum(DOORS).optional() }),
} as const;
