/** An error as the log shows it: enough to find the cause, without the data it carries. */
export type Notice = { type: string; message: string; code?: string; stack?: string; cause?: Notice };

const DEPTH = 4;

/** Returns the log form of an error or of any thrown value. Commands, parameters, bodies and options are left out. */
export function noticeOf(error: unknown, depth = DEPTH): Notice {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error).slice(0, 1_000) };
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return {
    type: error.constructor.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    stack: error.stack,
    ...(cause === undefined || depth === 0 ? {} : { cause: noticeOf(cause, depth - 1) }),
  };
}
