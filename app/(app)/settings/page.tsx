import type { Metadata } from 'next';
import { SettingsPage } from '../../_account/settings-page';
import { needMember } from '../../_server/person';

export const metadata: Metadata = { title: 'Settings' };

export default async function Page() {
  const { person, member } = await needMember('/settings');
  return <SettingsPage person={person} isOwner={member.role === 'owner'} />;
}
