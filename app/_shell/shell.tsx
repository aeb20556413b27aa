'use client';

import type { ReactNode } from 'react';
import { PaymentBanner } from '../_billing/payment-banner';
import { NewSessionProvider } from '../_session/new-session';
import { StartProvider } from '../_status/start-context';
import { Announcer } from './announcer';
import { Header, type Person } from './header';
import { LostNotice } from './lost-notice';

/** The frame of every signed-in page: one status poll, one way to start sessions, one header. */
export function Shell({ person, children }: { person: Person; children: ReactNode }) {
  return (
    <StartProvider personId={person.id}>
      <NewSessionProvider>
        <Header person={person} />
        <PaymentBanner />
        {children}
        <LostNotice />
        <Announcer />
      </NewSessionProvider>
    </StartProvider>
  );
}
