import { ActionIcon, Group, Paper, Text, TextInput } from '@mantine/core';
import { type KeyboardEvent, useEffect, useState } from 'react';
import type { JoinedScreen } from './joined-screen';
import type { Palette } from './palettes';

type Props = { screen: JoinedScreen; palette: Palette; onClose: () => void };
type Found = { resultIndex: number; resultCount: number };

/** Returns the search in one screen: its text, its result in words, and the step to the next match. */
function useFind({ terminal, screen: { search } }: JoinedScreen, palette: Palette) {
  const [text, setText] = useState('');
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    const results = search.onDidChangeResults(setFound);
    return () => {
      results.dispose();
      search.clearDecorations();
    };
  }, [search]);
  const { found: matchBackground, foundNow: activeMatchBackground } = palette;
  const decorations = {
    matchBackground,
    activeMatchBackground,
    matchOverviewRuler: matchBackground,
    activeMatchColorOverviewRuler: activeMatchBackground,
  };
  function go(up: boolean, wanted = text) {
    setText(wanted);
    const options = { decorations, incremental: wanted !== text };
    if (wanted !== '') return up ? search.findPrevious(wanted, options) : search.findNext(wanted, options);
    search.clearDecorations();
    terminal.clearSelection();
    setFound(null);
  }
  return { text, words: text && found ? wordsFor(found) : '', go };
}

/** Finds text on the screen and in the scrollback: Enter goes up, Shift+Enter down, Escape closes. */
export function FindBar({ screen, palette, onClose }: Props) {
  const { text, words, go } = useFind(screen, palette);
  function press(event: KeyboardEvent) {
    if (event.key === 'Escape') onClose();
    else if (event.key === 'Enter') go(!event.shiftKey);
    else return;
    event.preventDefault();
  }
  return (
    <Paper className="terminal-find" shadow="md" withBorder p={6} role="search" onKeyDown={press}>
      <Group gap={4} wrap="nowrap">
        <TextInput
          size="xs"
          w={200}
          placeholder="Find in this terminal"
          aria-label="Find in this terminal"
          data-autofocus
          autoFocus
          value={text}
          onChange={({ currentTarget: { value } }) => go(true, value)}
        />
        <Text size="xs" c="dimmed" miw={64} ta="center" role="status">
          {words}
        </Text>
        <Step words="Previous" sign="↑" onClick={() => go(true)} />
        <Step words="Next" sign="↓" onClick={() => go(false)} />
        <Step words="Close find" sign="✕" onClick={onClose} />
      </Group>
    </Paper>
  );
}

const Step = ({ words, sign, onClick }: { words: string; sign: string; onClick: () => void }) => (
  <ActionIcon variant="subtle" color="gray" size="sm" aria-label={words} onClick={onClick}>
    {sign}
  </ActionIcon>
);

function wordsFor({ resultIndex, resultCount }: Found): string {
  if (resultCount === 0) return 'Not found';
  return resultIndex < 0 ? `${resultCount}+` : `${resultIndex + 1} of ${resultCount}`;
}
