import { headers } from 'next/headers';
import type { ReactNode } from 'react';
import { needPerson } from '../_server/person';
import { Shell } from '../_shell/shell';

export const dynamic = 'force-dynamic';

export default async function AppLayout({ children }: { children: ReactNode }) {
  const path = (await headers()).get('x-hourglass-path') ?? '/dashboard';
  return <Shell person={await needPerson(path)}>{children}</Shell>;
}
