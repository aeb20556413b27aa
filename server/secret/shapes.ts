import { z } from 'zod';

/** Names a machine sets by itself, or that would keep its shells from starting. */
const RESERVED =
  /^(HOURGLASS_|FLY_)|^(HOME|SHELL|TERM|USER|LOGNAME|WORKSPACE|PATH|PORT|LD_PRELOAD|LD_LIBRARY_PATH)$/;

const anyName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
    'A name has letters, digits and _, and begins with no digit: 64 at most.',
  );
const name = anyName.refine((text) => !RESERVED.test(text), 'The machine sets this variable by itself.');
const sessionId = z.string().min(1).max(64).optional();

/** The longest value, in UTF-16 units. */
const MAX_VALUE = 8_192;

export const secretInputs = {
  set: z.strictObject({
    name,
    value: z
      .string()
      .min(1)
      .max(MAX_VALUE)
      .refine((text) => !text.includes('\0'), 'A value may not contain the character NUL.'),
    sessionId,
  }),
  delete: z.strictObject({ name: anyName, sessionId }),
};
