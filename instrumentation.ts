/** Runs once when a web process starts: what it may not run with ends it before it answers anything. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { webContext } = await import('./app/_server/context');
  const { drainOnSignal } = await import('./app/_server/drain');
  const { notePeers } = await import('./app/_server/peer');
  const { demoProblem } = await import('./app/_server/demo-problem');
  const { settingsProblem } = await import('./db/check-settings');
  const { installationProblem } = await import('./server/inventory/installation-problem');
  const { refuseUnfit } = await import('./server/refuse-unfit');
  const refuse = (why: string) => {
    process.stderr.write(`${why}\n`);
    process.exit(1);
  };
  try {
    const { ctx, close } = webContext();
    notePeers();
    if (process.env.NEXT_MANUAL_SIG_HANDLE) drainOnSignal(close);
    await refuseUnfit(
      [() => settingsProblem(ctx.sql), () => demoProblem(ctx), () => installationProblem(ctx)],
      refuse,
    );
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
}
