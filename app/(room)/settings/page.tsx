import type { Metadata } from 'next';
import { SettingsRoom } from '../../_account/settings-room';
import { needMember } from '../../_server/person';

export const metadata: Metadata = { title: 'Settings' };

export default async function Page() {
  const { person, member } = await needMember('/settings');
  return <SettingsRoom person={person} isOwner={member.role === 'owner'} />;
}
