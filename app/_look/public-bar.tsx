import { Group } from '@mantine/core';
import Link from 'next/link';
import { ButtonLink, TextLink } from './links';
import { Mark } from './mark';

/** The header of pages that need no sign-in. */
export function PublicBar({ signedIn = false }: { signedIn?: boolean }) {
  return (
    <header className="bar">
      <div className="bar-inner">
        <Link href="/" className="brand">
          <Mark share={0.6} /> Hourglass
        </Link>
        <div className="grow" />
        <Group gap="sm" wrap="nowrap">
          <TextLink href="/plans" c="inherit" size="sm" className="wide-only">
            Plans
          </TextLink>
          {signedIn ? (
            <ButtonLink href="/dashboard">Dashboard</ButtonLink>
          ) : (
            <>
              <ButtonLink href="/sign-in" variant="default">
                Sign in
              </ButtonLink>
              <ButtonLink href="/sign-up">Sign up</ButtonLink>
            </>
          )}
        </Group>
      </div>
    </header>
  );
}
