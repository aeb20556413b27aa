import { Button, type ButtonProps } from '@mantine/core';
import { soldIn } from '../_offers/upgrade-links';
import { useStarts } from '../_status/start-context';

/** Links to the smallest plan that helps while the quota is short; to all plans where none is for sale. */
export function MoreTime(look: ButtonProps) {
  const { status } = useStarts();
  if (!status) return null;
  const [first] = soldIn(status.upgrade);
  return (
    <Button component="a" href={first?.url ?? '/plans'} size="xs" variant="light" {...look}>
      More time
    </Button>
  );
}
