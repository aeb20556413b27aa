import { z } from 'zod';
import { DOORS } from '../run/tokens';
import { inputs } from '../shapes';

/** The inputs of procedures that open a machine's doors. */
export const doorInputs = {
  connect: inputs.sessionId.extend({ door: z.enum(DOORS).optional() }),
} as const;
