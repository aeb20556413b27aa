import { Stack, Text, Title } from '@mantine/core';
import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { hasSignedUpHere } from '@/server/account/quiet-sign-up';
import { readConfirmation } from '@/server/account/read-confirmation';
import { ConfirmAddressForm } from '../../_account/confirm-address-form';
import { nextPath } from '../../_account/next-path';
import { ResendConfirmation } from '../../_account/resend-confirmation';
import { ButtonLink } from '../../_look/links';
import { webAuth } from '../../_server/actor';
import { webContext } from '../../_server/context';
import { findPerson, type SignedIn } from '../../_server/person';
import { queryText } from '../../_server/query-text';

export const metadata: Metadata = { title: 'Confirm your address' };
export const dynamic = 'force-dynamic';

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

/**
 * The page behind the link in a confirmation email. Opening it changes nothing, because programs that scan emails open
 * every link.
 */
export default async function Page({ searchParams }: Props) {
  const query = await searchParams;
  const token = queryText(query.token, 2_000);
  const { secret } = await webAuth().$context;
  const found = await readConfirmation(webContext().ctx, secret, token);
  const person = await findPerson();
  if (found.kind === 'invalid') return <NotValid person={person} />;
  if (found.kind === 'confirmed_before') return <ConfirmedBefore isSignedIn={person !== null} />;
  return (
    <Stack>
      <Heading>Confirm your address</Heading>
      <ConfirmAddressForm
        token={token}
        email={found.email}
        sessions={found.sessions}
        goOn={nextPath(queryText(query.next, 2_000))}
        isMaker={
          person?.id === found.userId ||
          hasSignedUpHere(webContext(), (await headers()).get('cookie'), found.userId)
        }
      />
    </Stack>
  );
}

const Heading = ({ children }: { children: string }) => (
  <Title order={1} size="h3">
    {children}
  </Title>
);

function ConfirmedBefore({ isSignedIn }: { isSignedIn: boolean }) {
  return (
    <Stack>
      <Heading>This address is confirmed</Heading>
      <Text>The link has been used. There is nothing left to do.</Text>
      <ButtonLink href={isSignedIn ? '/dashboard' : '/sign-in'}>
        {isSignedIn ? 'To your sessions' : 'Sign in'}
      </ButtonLink>
    </Stack>
  );
}

/** Explains why the link does not work and offers a new one. */
function NotValid({ person }: { person: SignedIn | null }) {
  return (
    <Stack>
      <Heading>This link is not valid any more</Heading>
      {person?.emailVerified ? (
        <>
          <Text>It is older than an hour or incomplete. Your address is confirmed without it.</Text>
          <ButtonLink href="/dashboard">To your sessions</ButtonLink>
        </>
      ) : person ? (
        <>
          <Text>
            It is older than an hour or incomplete. A new one can be sent to {person.email} at once.
          </Text>
          <ResendConfirmation label="Send a new link" />
        </>
      ) : (
        <>
          <Text>
            It is older than an hour or incomplete. Sign in: unless your address is confirmed, a new one is
            sent.
          </Text>
          <ButtonLink href="/sign-in?next=%2Fsettings">Sign in</ButtonLink>
        </>
      )}
    </Stack>
  );
}
