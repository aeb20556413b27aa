import { z } from 'zod';
import { DOORS } from '../run/tokens';
import { inputs } from '../shapes';

const argument = z
  .string()
  .max(32_768)
  .regex(/^[^\0]*$/, 'must not contain zero bytes');
const variable = z.string().regex(/^[A-Za-z_]\w{0,127}$/);

/** The inputs of procedures that open a machine's doors. */
export const doorInputs = {
  connect: inputs.sessionId.extend({ door: z.enum(DOORS).optional() }),
  exec: inputs.sessionId.extend({
    command: z.union([argument.min(1), z.array(argument).min(1).max(1_000)]),
    cwd: argument.max(4_096).optional(),
    env: z.record(variable, argument).optional(),
    timeoutSeconds: z.number().positive().max(300).optional(),
  }),
} as const;
