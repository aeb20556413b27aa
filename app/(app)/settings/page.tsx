import type { Metadata } from 'next';
import { readSecurity } from '@/server/account/read-security';
import { SettingsPage } from '../../_account/settings-page';
import { webContext } from '../../_server/context';
import { needMember } from '../../_server/person';

export const metadata: Metadata = { title: 'Settings' };

export default async function Page() {
  const { person, member } = await needMember('/settings');
  const security = await readSecurity(webContext().ctx, person.id);
  return <SettingsPage person={person} security={security} isOwner={member.role === 'owner'} />;
}
