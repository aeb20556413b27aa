import { ActionIcon, Button, Group, Menu, Modal, Stack, TextInput, Tooltip } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { labelOf, MOST_TABS } from './tab-state';
import type { Tabs } from './use-tabs';

type Props = { tabs: Tabs; onRename: (tab: number) => void };

/** The actions on the tab that is shown. */
export function TabMenu({ tabs, onRename }: Props) {
  const at = tabs.tabs.findIndex(({ tab }) => tab === tabs.current);
  const shown = tabs.tabs[at];
  if (!shown || !tabs.isShared) return null;
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`More for ${labelOf(shown)}`}>
          ⋯
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onRename(shown.tab)}>Rename tab</Menu.Item>
        <Menu.Item disabled={at === 0} onClick={() => tabs.move(shown.tab, at - 1)}>
          Move left
        </Menu.Item>
        <Menu.Item disabled={at === tabs.tabs.length - 1} onClick={() => tabs.move(shown.tab, at + 1)}>
          Move right
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item disabled={tabs.tabs.length === 1} onClick={() => tabs.close(shown.tab)}>
          Close tab
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

type DialogProps = { tabs: Tabs; tab: number | null; onClose: () => void };

/** Sets the name of a tab; a tab without one shows its number. */
export function RenameTab({ tabs, tab, onClose }: DialogProps) {
  const info = tabs.tabs.find((other) => other.tab === tab);
  return (
    <Modal opened={info !== undefined} onClose={onClose} title="Rename tab" centered>
      {info && (
        <NameForm
          name={info.name ?? ''}
          onSave={(name) => {
            tabs.rename(info.tab, name);
            onClose();
          }}
        />
      )}
    </Modal>
  );
}

function NameForm({ name: before, onSave }: { name: string; onSave: (name: string) => void }) {
  const [name, setName] = useState(before);
  function submit(event: FormEvent) {
    event.preventDefault();
    onSave(name);
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          description="Empty for its number. Every window of this session shows it."
          value={name}
          onChange={({ currentTarget: { value } }) => setName(value)}
          maxLength={40}
          data-autofocus
        />
        <Group justify="flex-end">
          <Button type="submit">Save</Button>
        </Group>
      </Stack>
    </form>
  );
}

export function AddTab({ isFull, onAdd }: { isFull: boolean; onAdd: () => void }) {
  const words = isFull ? `${MOST_TABS} tabs are the most a session has` : 'New tab';
  return (
    <Tooltip label={words}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={words}
        aria-disabled={isFull}
        data-disabled={isFull || undefined}
        onClick={onAdd}
      >
        +
      </ActionIcon>
    </Tooltip>
  );
}
