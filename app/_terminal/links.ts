import type { ILinkHandler, Terminal } from '@xterm/xterm';
import { isMac } from './keys';

/** Returns the address of a web link; null for any other text. */
function addressOf(text: string): string | null {
  try {
    const url = new URL(text);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}

/** Touch devices have no Ctrl key. */
const isTouch = () => window.matchMedia('(pointer: coarse)').matches;

/**
 * Returns a handler that opens links on Ctrl or Cmd with a click, so that a plain click reaches the program, or on a
 * tap. The address is shown on hover, because a program can give a link any text.
 */
export function linksOf(onHover: (words: string | null) => void): ILinkHandler {
  return {
    activate: (event, text) => {
      const address = addressOf(text);
      const isMeant = event.ctrlKey || event.metaKey || isTouch();
      if (address && isMeant) window.open(address, '_blank', 'noopener,noreferrer');
    },
    hover: (_, text) => {
      const address = addressOf(text);
      onHover(address && `${isMac() ? '⌘' : 'Ctrl+'}click opens ${address}`);
    },
    leave: () => onHover(null),
  };
}

/** Finds addresses in plain text as well. */
export async function findLinks(terminal: Terminal, links: ILinkHandler): Promise<void> {
  const { WebLinksAddon } = await import('@xterm/addon-web-links');
  terminal.loadAddon(
    new WebLinksAddon((event, text) => links.activate(event, text, NOWHERE), {
      hover: (event, text) => links.hover?.(event, text, NOWHERE),
      leave: (event, text) => links.leave?.(event, text, NOWHERE),
    }),
  );
}

const NOWHERE = { start: { x: 0, y: 0 }, end: { x: 0, y: 0 } };
