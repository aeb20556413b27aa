import { Button } from '@mantine/core';
import type { Held } from './held-key';

type Key = { label: string; words?: string } & ({ bytes: string } | { hold: Held } | { act: 'paste' });

/** Keys that a phone's keyboard lacks or hides: two rows of eight. */
const KEYS: Key[] = [
  { label: 'Esc', bytes: '\x1b' },
  { label: 'Tab', bytes: '\t' },
  { label: 'Ctrl', hold: 'ctrl' },
  { label: 'Alt', hold: 'alt' },
  { label: '/', bytes: '/' },
  { label: '|', bytes: '|' },
  { label: '-', bytes: '-' },
  { label: '~', bytes: '~' },
  { label: '^C', words: 'Ctrl C', bytes: '\x03' },
  { label: '^D', words: 'Ctrl D', bytes: '\x04' },
  { label: 'Paste', act: 'paste' },
  { label: '↑', words: 'Up', bytes: '\x1b[A' },
  { label: '←', words: 'Left', bytes: '\x1b[D' },
  { label: '↓', words: 'Down', bytes: '\x1b[B' },
  { label: '→', words: 'Right', bytes: '\x1b[C' },
  { label: '$', bytes: '$' },
];

type Props = {
  held: Held;
  onHold: (held: Held) => void;
  onKey: (bytes: string) => void;
  onPaste: () => void;
};

/** Keys beside a touch screen's keyboard. Pressing one leaves the keyboard open. */
export function PhoneKeys({ held, onHold, onKey, onPaste }: Props) {
  function press(key: Key) {
    if ('hold' in key) onHold(held === key.hold ? null : key.hold);
    else if ('bytes' in key) onKey(key.bytes);
    else onPaste();
  }
  return (
    <div className="terminal-keys" role="toolbar" aria-label="Keys">
      {KEYS.map((key) => (
        <Button
          key={key.label}
          size="compact-md"
          variant={'hold' in key && held === key.hold ? 'filled' : 'default'}
          aria-label={key.words}
          aria-pressed={'hold' in key ? held === key.hold : undefined}
          // A press that takes the focus would close the keyboard.
          onPointerDown={(event) => event.preventDefault()}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => press(key)}
        >
          {key.label}
        </Button>
      ))}
    </div>
  );
}
