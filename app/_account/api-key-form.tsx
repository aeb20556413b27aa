'use client';

import { Button, Checkbox, Group, Paper, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { SCOPES, type Scope } from '@/server/shapes';

const SCOPE_WORDS: Record<Scope, string> = {
  'session:read': 'See sessions and what is left',
  'session:write': 'Start, stop and delete them too',
  'usage:read': 'See the quota and where the time went',
  'billing:read': 'See plan and invoices',
  'billing:write': 'Change the plan',
  admin: 'Everything an administrator may do',
};

const OFFERED = SCOPES.filter((scope) => scope !== 'admin');

/** Returns a sentence about what the key still needs; empty when it can be created. */
function missing(name: string, scopes: string[]): string {
  const parts = [
    name.trim() === '' ? 'give it a name' : '',
    scopes.length === 0 ? 'choose at least one permission' : '',
  ].filter(Boolean);
  const words = parts.join(' and ');
  return words === '' ? '' : `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/** Asks for a name and the smallest set of scopes; the button says what is still missing. */
export function ApiKeyForm({ onMake }: { onMake: (name: string, scopes: Scope[]) => Promise<boolean> }) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!(await onMake(name.trim(), scopes as Scope[]))) return;
    setName('');
    setScopes([]);
  }
  return (
    <Paper withBorder p="md">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="Name of the key"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={80}
            required
          />
          <Checkbox.Group label="What it may do" value={scopes} onChange={setScopes}>
            <Group mt={4}>
              {OFFERED.map((scope) => (
                <Checkbox key={scope} value={scope} label={scope} description={SCOPE_WORDS[scope]} />
              ))}
            </Group>
          </Checkbox.Group>
          <Group>
            <Button type="submit" disabled={missing(name, scopes) !== ''}>
              Create key
            </Button>
            {missing(name, scopes) !== '' && (
              <Text size="sm" c="dimmed">
                {missing(name, scopes)}
              </Text>
            )}
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
