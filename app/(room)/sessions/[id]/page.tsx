import type { Metadata } from 'next';
import { SessionRoom } from '../../../_terminal/session-room';

export const metadata: Metadata = { title: 'Session' };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <SessionRoom sessionId={id} />;
}
