'use client';

import { Alert, Button, Group, Paper, Stack, Text, Textarea, Title } from '@mantine/core';
import Link from 'next/link';
import { type FormEvent, useState } from 'react';
import { refusalOf, useTRPCClient } from '../_query/trpc';

const MOST_LETTERS = 4_000;

/** A form that sends a message to the operator, who answers by email. */
export function ContactPage({ about }: { about: string }) {
  const [isSent, setSent] = useState(false);
  return (
    <main className="page" id="content">
      <Title order={1} size="h3" mb="md">
        Contact us
      </Title>
      <Paper withBorder p="lg" maw={560}>
        {isSent ? <Sent /> : <ContactForm about={about} onSent={() => setSent(true)} />}
      </Paper>
    </main>
  );
}

function ContactForm({ about, onSent }: { about: string; onSent: () => void }) {
  const client = useTRPCClient();
  const [message, setMessage] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  async function send(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await client.support.write.mutate({ message, ...(about ? { about } : {}) });
      onSent();
    } catch (error) {
      setProblem(refusalOf(error).message);
      setBusy(false);
    }
  }
  return (
    <form onSubmit={send}>
      <Stack>
        <Text size="sm" c="dimmed">
          {about ? `About ${about}. ` : ''}The answer comes to your email address.
        </Text>
        <Textarea
          label="Message"
          required
          autosize
          minRows={5}
          maxLength={MOST_LETTERS}
          value={message}
          onChange={(event) => setMessage(event.currentTarget.value)}
        />
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Group>
          <Button type="submit" loading={busy} disabled={message.trim() === ''}>
            Send
          </Button>
          <Button component={Link} href="/plans" variant="default">
            Back to the plans
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const Sent = () => (
  <Stack align="flex-start">
    <Text role="status">Your message is sent. The answer comes to your email address.</Text>
    <Button component={Link} href="/dashboard">
      To your sessions
    </Button>
  </Stack>
);
