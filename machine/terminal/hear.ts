import type { RawData } from 'ws';
import { typedPart } from '../../client/terminal-reports';
import { monotonicMs } from '../clock';
import type { Size } from './audience';
import type { Tab } from './tab';
import type { TabList } from './tab-list';
import type { Viewer } from './viewer';

type Message = Partial<
  Record<'type' | 'data' | 'at' | 'cols' | 'rows' | 'bytes' | 'tab' | 'tabs' | 'name', unknown>
>;
export type Heard = { viewer: Viewer; tab: Tab; tabs: TabList; onKeystroke: () => void };

/** A mouse report has six bytes. */
const MOST_REPORT = 64;

/** Handles one message of a viewer. Malformed messages are ignored. */
export function hear({ viewer, tab, tabs, onKeystroke }: Heard, data: RawData, isBinary: boolean): void {
  if (viewer.isGone) return;
  viewer.heard();
  const text = data.toString();
  const message: Message | null = isBinary ? { type: 'input', data: text } : parse(text);
  switch (message?.type) {
    case 'input':
      if (typeof message.data === 'string') hearInput(viewer, tab, message.data, message.at, onKeystroke);
      return;
    case 'binary':
      return hearReport(viewer, tab, message.data);
    case 'rename':
      return tabs.rename(message.tab, message.name);
    case 'order':
      return tabs.arrange(message.tabs);
    case 'end':
      return tabs.end(message.tab);
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

/**
 * Handles input. Keys make a viewer active. Replies of the terminal itself are taken from the active viewer only, and not
 * while the viewer draws the restored state.
 */
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

/** Handles bytes that are not text, from the active viewer only: mouse reports of the old form. Each character is one byte. */
function hearReport(viewer: Viewer, tab: Tab, data: unknown): void {
  if (typeof data !== 'string' || data.length > MOST_REPORT || /[^\0-\xff]/.test(data)) return;
  if (viewer.restoring || !tab.audience.isActive(viewer)) return;
  tab.printed.ignore(monotonicMs());
  tab.input.push(Buffer.from(data, 'latin1'));
}

/** Returns a window's size in cells; null when the values are no valid size. */
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
