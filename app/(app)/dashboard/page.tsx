import type { Metadata } from 'next';
import { Dashboard } from '../../_session/dashboard';

export const metadata: Metadata = { title: 'Sessions' };

export default function Page() {
  return <Dashboard />;
}
