import { Stack, Text, Title } from '@mantine/core';
import type { Metadata } from 'next';
import { readMove } from '@/server/account/new-address';
import { NewAddressForm } from '../../_account/new-address-form';
import { ButtonLink } from '../../_look/links';
import { webAuth } from '../../_server/actor';
import { webContext } from '../../_server/context';
import { findPerson } from '../../_server/person';
import { queryText } from '../../_server/query-text';

export const metadata: Metadata = { title: 'Change your address' };
export const dynamic = 'force-dynamic';

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

/** The page behind the links of a change of address. Opening it changes nothing. */
export default async function Page({ searchParams }: Props) {
  const token = queryText((await searchParams).token, 3_000);
  const { secret } = await webAuth().$context;
  const move = await readMove(webContext().ctx, secret, token);
  const person = await findPerson();
  const isSignedIn = move.kind === 'open' && person?.id === move.userId;
  return (
    <Stack>
      <Title order={1} size="h3">
        {move.kind === 'open' ? 'Change your address' : 'This link is not valid any more'}
      </Title>
      {move.kind === 'invalid' ? (
        <>
          <Text>
            It was used before, is older than an hour, or is incomplete. Settings show the address you have
            now.
          </Text>
          <ButtonLink href="/settings">Settings</ButtonLink>
        </>
      ) : move.step === 'prove' && !isSignedIn ? (
        <>
          <Text style={{ overflowWrap: 'anywhere' }}>
            Sign in to the account that moves to {move.newEmail}, and confirm it there. If you have none,
            someone mistyped their address: close this page.
          </Text>
          <ButtonLink href={`/sign-in?next=${encodeURIComponent(`/new-address?token=${token}`)}`}>
            Sign in
          </ButtonLink>
        </>
      ) : (
        <NewAddressForm token={token} email={move.email} newEmail={move.newEmail} step={move.step} />
      )}
    </Stack>
  );
}
