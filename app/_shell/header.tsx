'use client';

import { Avatar, Group, Menu, UnstyledButton, VisuallyHidden } from '@mantine/core';
import Link from 'next/link';
import { shownFigures } from '@/server/quota/refusal-words';
import { signInClient } from '../_account/sign-in-client';
import { Mark } from '../_look/mark';
import { tellProblem } from '../_query/tell-problem';
import { startLeaving } from '../_query/use-status';
import { NewSessionButton } from '../_session/new-session';
import { useStarts } from '../_status/start-context';

export type Person = { id: string; name: string; email: string };

/** The header of every signed-in page: the logo with the quota, New session, and the account menu. */
export function Header({ person }: { person: Person }) {
  const { status } = useStarts();
  const quota = status?.quota;
  const shown = quota && shownFigures(quota);
  const share = shown?.wholeSeconds ? (shown.leftSeconds ?? 0) / shown.wholeSeconds : null;
  return (
    <header className="bar">
      <a href="#content" className="skip">
        Skip to content
      </a>
      <div className="bar-inner">
        <Link href="/dashboard" className="brand">
          <Mark
            share={share}
            title={typeof shown?.percent === 'number' ? `Hourglass, ${shown.percent} % used` : 'Hourglass'}
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
  // A full page load, so that nothing this user saw stays in memory for the next one.
  async function signOut() {
    const leaving = startLeaving();
    const { error } = await signInClient.signOut();
    if (!error) return window.location.replace('/');
    leaving.stop();
    tellProblem('You are still signed in: the service cannot be reached right now. Try again in a moment.');
  }
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton>
          <VisuallyHidden>Account menu</VisuallyHidden>
          <span aria-hidden>
            <Avatar name={person.name} radius="xl" size={34} />
          </span>
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
