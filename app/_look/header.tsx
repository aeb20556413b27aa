'use client';

import { Avatar, Group, Menu, UnstyledButton } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { signInClient } from '../_account/sign-in-client';
import { NewSessionButton } from '../_session/new-session';
import { useStarts } from '../_status/start-context';
import { Mark } from './mark';

export type Person = { id: string; name: string; email: string };

/** The header of every signed-in page: the mark that is the meter, New session, and the account. */
export function Header({ person }: { person: Person }) {
  const { status } = useStarts();
  const quota = status?.quota;
  const share = quota?.quotaSeconds ? (quota.remainingSeconds ?? 0) / quota.quotaSeconds : null;
  return (
    <header className="bar">
      <a href="#content" className="skip">
        Skip to content
      </a>
      <div className="bar-inner">
        <Link href="/dashboard" className="brand">
          <Mark
            share={share}
            title={quota?.percent === null || !quota ? 'Hourglass' : `Hourglass, ${quota.percent} % used`}
          />
          <span className="wide-only">Hourglass</span>
        </Link>
        <div className="grow" />
        <Group gap="sm" wrap="nowrap">
          <NewSessionButton />
          <AccountMenu person={person} />
        </Group>
      </div>
    </header>
  );
}

function AccountMenu({ person }: { person: Person }) {
  const router = useRouter();
  const queryClient = useQueryClient();
  async function signOut() {
    await signInClient.signOut();
    // Whoever signs in next in this tab sees nothing of this person.
    queryClient.clear();
    router.replace('/');
    router.refresh();
  }
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton aria-label="Account menu">
          <Avatar name={person.name} color="initials" radius="xl" size={34} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className="one-line">{person.email}</Menu.Label>
        <Menu.Item component={Link} href="/dashboard">
          Sessions
        </Menu.Item>
        <Menu.Item component={Link} href="/usage">
          Usage
        </Menu.Item>
        <Menu.Item component={Link} href="/plans">
          Plans
        </Menu.Item>
        <Menu.Item component={Link} href="/billing">
          Billing
        </Menu.Item>
        <Menu.Item component={Link} href="/settings">
          Settings
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={signOut}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
