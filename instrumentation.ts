/** Runs once when a web process starts: a bad environment ends it before it answers anything. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { webContext } = await import('./app/_server/context');
  const { notePeers } = await import('./app/_server/peer');
  try {
    webContext();
    notePeers();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
