import type { RawData } from 'ws';
import { typedPart } from '../../client/terminal-reports';
import { monotonicMs } from '../clock';
import type { Size } from './audience';
import type { Tab } from './tab';
import type { Viewer } from './viewer';

type Message = Partial<Record<'type' | 'data' | 'at' | 'cols' | 'rows' | 'bytes', unknown>>;

/** Understands one message of a viewer. What is none is ignored. */
export function hear(
  viewer: Viewer,
  tab: Tab,
  data: RawData,
  isBinary: boolean,
  onKeystroke: () => void,
): void {
  if (viewer.isGone) return;
  viewer.heard();
  const text = data.toString();
  const message: Message | null = isBinary ? { type: 'input', data: text } : parse(text);
  switch (message?.type) {
    case 'input':
      if (typeof message.data === 'string') hearInput(viewer, tab, message.data, message.at, onKeystroke);
      return;
    case 'resize':
      return tab.audience.resize(viewer, sizeOf(message.cols, message.rows) ?? { cols: 80, rows: 24 });
    case 'focus':
      return tab.audience.activate(viewer);
    case 'restored':
      return viewer.restored();
    case 'ack':
      return viewer.acknowledge(Number(message.bytes));
    case 'ping':
      return viewer.tell({ type: 'pong' });
  }
}

/** Keys make a viewer the active one. What a terminal says by itself is taken from the active one alone, and not from its past. */
function hearInput(viewer: Viewer, tab: Tab, data: string, at: unknown, onKeystroke: () => void): void {
  const position = typeof at === 'number' && at >= 0 ? at : null;
  const fresh = tab.take(viewer.page, position, data);
  const typed = typedPart(fresh);
  if (typed !== '') {
    onKeystroke();
    tab.audience.activate(viewer);
  } else tab.printed.ignore(monotonicMs());
  const mayAnswer = !viewer.restoring && tab.audience.isActive(viewer);
  const input = mayAnswer ? fresh : typed;
  const end = position === null ? 0 : position + data.length;
  if (input === '') return viewer.tookTo(end);
  if (tab.input.push(input, () => viewer.tookTo(end))) return;
  viewer.tookTo(end);
  viewer.tell({
    type: 'notice',
    level: 'warning',
    text: `The program in this terminal does not read its input: ${input.length} characters were not sent to it.`,
  });
}

/** A window's size, or null when it is none. */
export function sizeOf(cols: unknown, rows: unknown): Size | null {
  const [width, height] = [Math.floor(Number(cols)), Math.floor(Number(rows))];
  const isSize = width >= 2 && width <= 1000 && height >= 2 && height <= 1000;
  return isSize ? { cols: width, rows: height } : null;
}

function parse(text: string): Message | null {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' ? message : null;
  } catch {
    return null;
  }
}
