/** Throws unless the server is on this machine or a sibling container: tests create and drop what they like. */
export function assertLocal(variable: string, url: string): void {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const isLocal = /^(localhost|127(\.\d+){3}|::1|[a-z0-9_-]*|host\.docker\.internal)$/i.test(host);
  if (!isLocal)
    throw new Error(
      `${variable} points at ${host}. Tests run on a local server only; unset it and they bring their own.`,
    );
}
