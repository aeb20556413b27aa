import { headers } from 'next/headers';
import type { ReactNode } from 'react';
import { Room } from '../_look/room';
import { needPerson } from '../_server/person';

export const dynamic = 'force-dynamic';

export default async function RoomLayout({ children }: { children: ReactNode }) {
  const path = (await headers()).get('x-hourglass-path') ?? '/dashboard';
  return <Room person={await needPerson(path)}>{children}</Room>;
}
