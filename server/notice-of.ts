/** An error as the log shows it: enough to find the cause, without the data it carries. */
export type Notice = { type: string; message: string; code?: string; stack?: string; cause?: Notice };

const DEPTH = 4;

/** Returns the log form of an error or of any thrown value. Commands, parameters, bodies and options are left out. */
export function noticeOf(error: unknown, depth = DEPTH): Notice {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error).slice(0, 1_000) };
  const { code, cause, params } = error as { code?: unknown; cause?: unknown; params?: unknown };
  // drizzle appends the parameters, which may be tokens, to its message, which the stack repeats.
  const message = params === undefined ? error.message : (error.message.split('\nparams:')[0] ?? '');
  return {
    type: error.constructor.name,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    stack: error.stack?.replace(error.message, () => message),
    ...(cause === undefined || depth === 0 ? {} : { cause: noticeOf(cause, depth - 1) }),
  };
}
