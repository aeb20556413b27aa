import { Badge } from '@mantine/core';
import type { SessionStatus } from '@/server/shapes';
import { STATUS_WORDS } from './words';

export function StatusBadge({ status }: { status: SessionStatus }) {
  const { label, color } = STATUS_WORDS[status];
  return (
    <Badge color={color} variant="light" tt="none" style={{ flexShrink: 0 }}>
      {label}
    </Badge>
  );
}
