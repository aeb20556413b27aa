import { Text } from '@mantine/core';
import { diskShare, isDiskNearlyFull } from '@/client/disk';
import type { Session } from '@/server/shapes';

/** Says that the disk of a running session is nearly full, and what to do; renders nothing while there is room. */
export function DiskNotice({ session }: { session: Session }) {
  const figures = session.metrics ?? {};
  if (session.status !== 'running' || !isDiskNearlyFull(figures)) return null;
  return (
    <Text size="sm" className="soon" data-testid="disk-full">
      Disk {Math.floor((diskShare(figures) ?? 0) * 100)} % full: delete files, or empty the trash in Files
    </Text>
  );
}
