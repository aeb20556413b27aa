/** Runs once when a web process starts: what it may not run with ends it before it answers anything. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { webContext } = await import('./app/_server/context');
  const { drainOnSignal } = await import('./app/_server/drain');
  const { notePeers } = await import('./app/_server/peer');
  const { refuseDemo } = await import('./app/_server/refuse-demo');
  const refuse = (why: string) => {
    process.stderr.write(`${why}\n`);
    process.exit(1);
  };
  try {
    const { ctx, close } = webContext();
    notePeers();
    if (process.env.NEXT_MANUAL_SIG_HANDLE) drainOnSignal(close);
    await refuseDemo(ctx, refuse);
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
}
