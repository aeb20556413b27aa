import type { Metadata } from 'next';
import { UsageRoom } from '../../_status/usage-room';

export const metadata: Metadata = { title: 'Usage' };

export default function Page() {
  return <UsageRoom />;
}
