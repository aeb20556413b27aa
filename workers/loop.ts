import type { Log } from '@/server/log';

export type Loop = { stop(): Promise<void> };

/** Runs `work` repeatedly, `pauseMs` after it last ended. An error is logged and never ends the loop. */
export function startLoop(name: string, pauseMs: number, work: () => Promise<unknown>, log: Log): Loop {
  let stopped = false;
  let wake = () => {};
  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const running = (async () => {
    while (!stopped) {
      await work().catch((error) => log.error({ err: error, loop: name }, 'a pass failed'));
      if (!stopped) await pause();
    }
  })();
  return {
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}
