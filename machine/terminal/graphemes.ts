import type { Terminal } from '@xterm/headless';

/**
 * The package reads its table from the start of a buffer's memory, which Node shares between small buffers. Without a pool
 * the table has memory of its own while the package loads.
 */
const { poolSize } = Buffer;
Buffer.poolSize = 0;
const { UnicodeGraphemesAddon } = await import('@xterm/addon-unicode-graphemes');
Buffer.poolSize = poolSize;

/** Makes a terminal measure characters as pages do: by grapheme, an emoji of several parts in two cells. */
export function measureGraphemes(terminal: Terminal): void {
  terminal.loadAddon(new UnicodeGraphemesAddon() as unknown as Parameters<Terminal['loadAddon']>[0]);
}
