'use client';

import { Alert, Button, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import {
  createContext,
  type FormEvent,
  type ReactNode,
  useCallback,
  useContext,
  useRef,
  useState,
} from 'react';
import { refusalOf } from '../_query/trpc';
import { startLeaving } from '../_query/use-status';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

type Ask = () => Promise<string | null>;

const FreshContext = createContext<Ask>(async () => null);

/**
 * Returns a function that asks for the password in a dialog. It resolves to the correct password, or to null when the
 * dialog was closed.
 */
export const useAskAgain = (): Ask => useContext(FreshContext);

/**
 * Returns a function that runs `work` and, when a fresh sign-in is required, asks for the password and runs it again.
 */
export function useFresh() {
  const ask = useAskAgain();
  return useCallback(
    async <T,>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        if (refusalOf(error).reason !== 'FRESH_SIGN_IN_REQUIRED' || (await ask()) === null) throw error;
        return work();
      }
    },
    [ask],
  );
}

/** Provides the dialog that asks for the password. */
export function FreshSignIn({ hasPassword, children }: { hasPassword: boolean; children: ReactNode }) {
  const [opened, setOpened] = useState(false);
  const settle = useRef<(password: string | null) => void>(() => {});
  const ask = useCallback(() => {
    setOpened(true);
    return new Promise<string | null>((resolve) => {
      settle.current = resolve;
    });
  }, []);
  function close(password: string | null) {
    setOpened(false);
    settle.current(password);
  }
  return (
    <FreshContext value={ask}>
      {children}
      <Modal opened={opened} onClose={() => close(null)} title="Confirm your password" centered>
        {hasPassword ? <PasswordForm onGiven={close} /> : <SignInAgain />}
      </Modal>
    </FreshContext>
  );
}

function PasswordForm({ onGiven }: { onGiven: (password: string) => void }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    // The dialog is rendered inside forms of the page; without this its submit would trigger theirs.
    event.stopPropagation();
    if (busy) return;
    setBusy(true);
    const password = String(new FormData(event.currentTarget).get('password'));
    const { error } = await signInClient.$fetch('/fresh-sign-in', { method: 'POST', body: { password } });
    setBusy(false);
    if (error) setProblem(sentenceFor(error));
    else onGiven(password);
  }
  return (
    <form onSubmit={submit} method="post">
      <Stack gap="sm">
        <Text size="sm">Enter your password to continue.</Text>
        <PasswordInput
          visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
          name="password"
          label="Your password"
          autoComplete="current-password"
          maxLength={128}
          required
          data-autofocus
        />
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Button type="submit" loading={busy}>
          Continue
        </Button>
      </Stack>
    </form>
  );
}

/** For users without a password, who sign in again. */
function SignInAgain() {
  async function again() {
    const leaving = startLeaving();
    const { error } = await signInClient.signOut();
    if (error) return leaving.stop();
    window.location.replace('/sign-in?next=%2Fsettings');
  }
  return (
    <Stack gap="sm">
      <Text size="sm">You signed in some time ago. Sign in again to do this.</Text>
      <Button onClick={again}>Sign in again</Button>
    </Stack>
  );
}
