/**
 * Throws unless the server is on this computer or in a sibling container, because tests create and drop databases
 * freely.
 */
export function assertLocal(variable: string, url: string): void {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const isLocal = /^(localhost|127(\.\d+){3}|::1|[a-z0-9_-]*|host\.docker\.internal)$/i.test(host);
  if (!isLocal)
    throw new Error(
      `${variable} points at ${host}. Tests run on a local server only; unset it and they bring their own.`,
    );
}
