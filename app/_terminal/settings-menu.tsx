import { ActionIcon, Group, Popover, SegmentedControl, Stack, Switch, Text } from '@mantine/core';
import { LEAVE_CHORD } from './keys';
import { FONT_PX, type Preferences } from './preferences';

type Props = { preferences: Preferences; onChange: (some: Partial<Preferences>) => void };

/** The menu that changes the look and behaviour of terminals in this browser. */
export function SettingsMenu({ preferences, onChange }: Props) {
  return (
    <Popover position="bottom-end" withinPortal trapFocus returnFocus width={300}>
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" aria-label="Terminal settings" title="Terminal settings">
          <span aria-hidden>Aa</span>
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label="Terminal settings">
        <Stack gap="sm">
          <FontSize fontPx={preferences.fontPx} onChange={(fontPx) => onChange({ fontPx })} />
          <SegmentedControl
            size="xs"
            aria-label="Colours"
            value={preferences.colours}
            onChange={(colours) => onChange({ colours: colours as Preferences['colours'] })}
            data={[
              { value: 'dark', label: 'Dark' },
              { value: 'light', label: 'Light' },
              { value: 'page', label: 'As the page' },
            ]}
          />
          <Switch
            size="sm"
            label="Screen reader support"
            description="Reads output aloud, and lets you walk through it line by line."
            checked={preferences.isSpoken}
            onChange={({ currentTarget: { checked } }) => onChange({ isSpoken: checked })}
          />
          <Switch
            size="sm"
            label="Programs may copy"
            description="Programs put text on your clipboard without asking. They never read it."
            checked={preferences.copying === 'always'}
            onChange={({ currentTarget: { checked } }) => onChange({ copying: checked ? 'always' : 'ask' })}
          />
          <Text size="xs" c="dimmed">
            {LEAVE_CHORD} leaves the terminal. Kept in this browser.
          </Text>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function FontSize({ fontPx, onChange }: { fontPx: number; onChange: (fontPx: number) => void }) {
  const step = (by: number, words: string, sign: string) => (
    <ActionIcon
      variant="default"
      aria-label={words}
      disabled={fontPx + by < FONT_PX.least || fontPx + by > FONT_PX.most}
      onClick={() => onChange(fontPx + by)}
    >
      {sign}
    </ActionIcon>
  );
  return (
    <Group justify="space-between">
      <Text size="sm">Text size</Text>
      <Group gap="xs">
        {step(-1, 'Smaller text', '−')}
        <Text size="sm" miw={28} ta="center" role="status">
          {fontPx}
        </Text>
        {step(1, 'Larger text', '+')}
      </Group>
    </Group>
  );
}
