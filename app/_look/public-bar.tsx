import { Anchor, Button, Group } from '@mantine/core';
import Link from 'next/link';
import { Mark } from './mark';

/** The header of pages that anybody may see. */
export function PublicBar({ signedIn = false }: { signedIn?: boolean }) {
  return (
    <header className="bar">
      <div className="bar-inner">
        <Link href="/" className="brand">
          <Mark share={0.6} /> Hourglass
        </Link>
        <div className="grow" />
        <Group gap="sm" wrap="nowrap">
          <Anchor component={Link} href="/plans" c="inherit" size="sm" className="wide-only">
            Plans
          </Anchor>
          {signedIn ? (
            <Button component={Link} href="/dashboard">
              Dashboard
            </Button>
          ) : (
            <>
              <Button component={Link} href="/sign-in" variant="default">
                Sign in
              </Button>
              <Button component={Link} href="/sign-up">
                Sign up
              </Button>
            </>
          )}
        </Group>
      </div>
    </header>
  );
}
