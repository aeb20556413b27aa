import { Text, Title } from '@mantine/core';
import type { Metadata } from 'next';
import { TextLink } from '../../_look/links';

export const metadata: Metadata = { title: 'Your account is deleted' };

export default function Page() {
  return (
    <>
      <Title order={1} size="h3" mb="md">
        Your account is deleted
      </Title>
      <Text mb="md">
        Nothing can be started or charged any more. Machines and files are being removed; that takes a minute.
      </Text>
      <TextLink href="/">Home page</TextLink>
    </>
  );
}
