/** A request that the proxy itself refuses: the status the client sees and Fly's code for it. */
export class ProxyError extends Error {
  constructor(
    readonly status: 502 | 503 | 504,
    readonly code: string,
    text: string,
  ) {
    super(`[${code}] ${text}`);
  }
}
