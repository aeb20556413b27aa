'use client';

import { Anchor } from '@mantine/core';
import { useSupportEmail } from './support';

/** `Write to help@… to ask for more.`; renders nothing without a support address. */
export function ContactLine({ purpose = 'to ask for more' }: { purpose?: string }) {
  const email = useSupportEmail();
  if (!email) return null;
  return (
    <>
      Write to{' '}
      <Anchor href={`mailto:${email}`} inherit underline="always">
        {email}
      </Anchor>{' '}
      {purpose}.
    </>
  );
}
