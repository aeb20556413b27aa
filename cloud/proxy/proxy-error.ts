/** A request that the proxy itself refuses: the client's status and Fly's error code. */
export class ProxyError extends Error {
  constructor(
    readonly status: 502 | 503 | 504,
    readonly code: string,
    text: string,
  ) {
    super(`[${code}] ${text}`);
  }
}
