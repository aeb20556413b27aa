'use client';

import { Alert, Button, Group, Paper, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useRouter } from 'next/navigation';
import { type FormEvent, type ReactNode, useState } from 'react';
import { TextLink } from '../_look/links';
import { useAskAgain } from './fresh-sign-in';
import { ResendConfirmation } from './resend-confirmation';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

export type Person = { name: string; email: string; emailVerified: boolean };

type ApiError = { status?: number; code?: string; message?: string };
/** A sentence that says what was changed, or the error. */
type Outcome = { done: string } | { error: ApiError } | null;

type FormProps = {
  title: string;
  button: string;
  onSend: (form: FormData) => Promise<Outcome>;
  children: ReactNode;
};

/** One change to the profile: its fields, a button, and the outcome. */
function ChangeForm({ title, button, onSend, children }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const form = event.currentTarget;
    setBusy(true);
    setOutcome(null);
    const became = await onSend(new FormData(form));
    setBusy(false);
    setOutcome(became);
    if (became && 'done' in became) form.reset();
  }
  return (
    <form onSubmit={submit} method="post" aria-label={title}>
      <Stack gap="xs">
        <Group align="flex-end" gap="sm">
          {children}
          <Button type="submit" variant="default" loading={busy}>
            {button}
          </Button>
        </Group>
        {outcome && (
          <Alert
            color={'done' in outcome ? 'green' : 'red'}
            role={'done' in outcome ? 'status' : 'alert'}
            style={{ overflowWrap: 'anywhere' }}
          >
            {'done' in outcome ? outcome.done : sentenceFor(outcome.error)}
          </Alert>
        )}
      </Stack>
    </form>
  );
}

/** Name, email and password, each changed separately. */
export function Profile({ person, hasPassword }: { person: Person; hasPassword: boolean }) {
  return (
    <Paper withBorder p="md">
      <Stack gap="md">
        <NameForm name={person.name} />
        <AddressForm person={person} />
        {hasPassword ? (
          <PasswordForm />
        ) : (
          <Text size="sm">
            You sign in with GitHub.{' '}
            <TextLink href="/forgot-password" inherit>
              “Forgot your password?”
            </TextLink>{' '}
            sets a password as well.
          </Text>
        )}
      </Stack>
    </Paper>
  );
}

function NameForm({ name }: { name: string }) {
  const router = useRouter();
  async function send(form: FormData): Promise<Outcome> {
    const { error } = await signInClient.updateUser({ name: String(form.get('name')).trim() });
    if (error) return { error };
    router.refresh();
    return { done: 'Your name is changed.' };
  }
  return (
    <ChangeForm title="Name" button="Change name" onSend={send}>
      <TextInput
        key={name}
        name="name"
        label="Name"
        defaultValue={name}
        maxLength={80}
        required
        withAsterisk={false}
      />
    </ChangeForm>
  );
}

function AddressForm({ person }: { person: Person }) {
  const ask = useAskAgain();
  async function send(form: FormData): Promise<Outcome> {
    const email = String(form.get('email')).trim();
    const call = () => signInClient.$fetch('/new-address', { method: 'POST', body: { email } });
    let { error } = await call();
    if (codeOf(error) === 'FRESH_SIGN_IN_REQUIRED') {
      if ((await ask()) === null) return null;
      ({ error } = await call());
    }
    if (error) return { error };
    const to = person.emailVerified ? person.email : email;
    return { done: `An email is on its way to ${to}. Nothing changes until its link is opened.` };
  }
  return (
    <Stack gap="xs">
      <Text className="one-line" title={person.email}>
        {person.email}
      </Text>
      {person.emailVerified ? (
        <Text size="sm">Your address is confirmed.</Text>
      ) : (
        <Group gap="sm">
          <Text size="sm">
            Your address is not confirmed yet. Open the link in the email we sent you to start sessions, a
            trial or make API keys.
          </Text>
          <ResendConfirmation size="xs" />
        </Group>
      )}
      <ChangeForm title="Address" button="Change email" onSend={send}>
        <TextInput
          name="email"
          type="email"
          label="New email"
          autoComplete="email"
          maxLength={254}
          required
          withAsterisk={false}
        />
      </ChangeForm>
    </Stack>
  );
}

const codeOf = (error: unknown): string | undefined => (error as ApiError | null)?.code;

function PasswordForm() {
  async function send(form: FormData): Promise<Outcome> {
    const { error } = await signInClient.changePassword({
      currentPassword: String(form.get('current')),
      newPassword: String(form.get('new')),
    });
    return error
      ? { error }
      : { done: 'Your new password is set. Your other sign-ins and all your API keys have ended.' };
  }
  const show = { 'aria-label': 'Show password' };
  return (
    <ChangeForm title="Password" button="Change password" onSend={send}>
      <PasswordInput
        name="current"
        label="Current password"
        autoComplete="current-password"
        visibilityToggleButtonProps={show}
        maxLength={128}
        miw={200}
        required
        withAsterisk={false}
      />
      <PasswordInput
        name="new"
        label="New password"
        autoComplete="new-password"
        visibilityToggleButtonProps={show}
        minLength={8}
        maxLength={128}
        miw={200}
        required
        withAsterisk={false}
      />
    </ChangeForm>
  );
}
