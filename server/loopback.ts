/** Whether only this computer can reach a URL: `localhost`, names below it, 127.0.0.0/8 and ::1. Pure. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
