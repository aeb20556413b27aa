import type { Metadata } from 'next';
import { SettingsRoom } from '../../_account/settings-room';
import { needPerson } from '../../_server/person';

export const metadata: Metadata = { title: 'Settings' };

export default async function Page() {
  return <SettingsRoom person={await needPerson('/settings')} />;
}
