import { Title } from '@mantine/core';
import type { Metadata } from 'next';
import { previewReset } from '@/server/account/preview-reset';
import { ResetPasswordForm } from '../../_account/password-forms';
import { webAuth } from '../../_server/actor';
import { webContext } from '../../_server/context';
import { queryText } from '../../_server/query-text';

export const metadata: Metadata = { title: 'Choose a new password' };
export const dynamic = 'force-dynamic';

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function Page({ searchParams }: Props) {
  const query = await searchParams;
  const token = queryText(query.token, 200);
  const removedSessions = await previewReset(webContext().ctx, webAuth(), token);
  return (
    <>
      <Title order={1} size="h3" mb="md">
        Choose a new password
      </Title>
      <ResetPasswordForm
        token={token}
        isConfirmedNow={query.confirmed === '1'}
        removedSessions={removedSessions}
      />
    </>
  );
}
