'use client';

import { Alert, Button, Code, Group, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { QRCodeSVG } from 'qrcode.react';
import { type FormEvent, useState } from 'react';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

export type Begun = { totpURI: string; backupCodes: string[] };

export const RecoveryCodes = ({ codes }: { codes: string[] }) => (
  <Alert color="yellow" title="Keep these recovery codes: they are shown only this once">
    <Text size="sm" mb="xs">
      Each signs you in once where you do not have the app.
    </Text>
    <SimpleGrid cols={{ base: 2, sm: 5 }} spacing="xs" data-testid="recovery-codes">
      {codes.map((code) => (
        <Code key={code}>{code}</Code>
      ))}
    </SimpleGrid>
  </Alert>
);

type SetUpProps = { begun: Begun; onDone: () => void; onCancel: () => void };

/** Shows the key for the app and the recovery codes, and asks for the first code, which turns the second factor on. */
export function SecondFactorSetUp({ begun, onDone, onCancel }: SetUpProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const code = String(new FormData(event.currentTarget).get('code')).trim();
    const { error } = await signInClient.$fetch('/two-factor/verify-totp', {
      method: 'POST',
      body: { code },
    });
    setBusy(false);
    if (error) setProblem(sentenceFor(error));
    else onDone();
  }
  return (
    <form onSubmit={submit} method="post">
      <Stack gap="sm">
        <AppKey totpURI={begun.totpURI} />
        <RecoveryCodes codes={begun.backupCodes} />
        <TextInput
          name="code"
          label="Code from the app"
          description="Six digits. Your other sign-ins end when the code is accepted."
          autoComplete="one-time-code"
          inputMode="numeric"
          maxLength={40}
          required
        />
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Group>
          <Button type="submit" loading={busy}>
            Turn on
          </Button>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function AppKey({ totpURI }: { totpURI: string }) {
  const secret = new URL(totpURI).searchParams.get('secret') ?? '';
  return (
    <>
      <Text size="sm">
        Scan this with your authenticator app, type the key, or{' '}
        <a href={totpURI}>open it there if the app is on this device</a>.
      </Text>
      {/* Black on white whatever the theme: apps do not read it inverted. */}
      <QRCodeSVG value={totpURI} size={180} marginSize={3} title="The key as a QR code" role="img" />
      <Code data-testid="second-factor-key" style={{ overflowWrap: 'anywhere' }}>
        {secret.match(/.{1,4}/g)?.join(' ')}
      </Code>
    </>
  );
}
