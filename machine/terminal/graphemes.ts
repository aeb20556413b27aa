import type { Terminal } from '@xterm/headless';

/**
 * The package reads its table from the beginning of the memory behind a buffer, which Node shares between small buffers:
 * while it loads there is nothing to share.
 */
const { poolSize } = Buffer;
Buffer.poolSize = 0;
const { UnicodeGraphemesAddon } = await import('@xterm/addon-unicode-graphemes');
Buffer.poolSize = poolSize;

/** Measures characters as pages do: by what is drawn as one, an emoji of several parts in two cells. */
export function measureGraphemes(terminal: Terminal): void {
  terminal.loadAddon(new UnicodeGraphemesAddon() as unknown as Parameters<Terminal['loadAddon']>[0]);
}
