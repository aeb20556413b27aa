/** What is written about an error: enough to find its cause, nothing that it happened to carry along. */
export type Notice = { type: string; message: string; code?: string; stack?: string; cause?: Notice };

const DEPTH = 4;

/** An error (or whatever was thrown) as a line of a log shows it. Commands, parameters, bodies and options stay out. */
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
