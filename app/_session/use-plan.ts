import { useQuery } from '@tanstack/react-query';
import type { Plan } from '@/server/shapes';
import { useTRPC } from '../_query/trpc';
import { useStarts } from '../_status/start-context';

/** Returns the plan in force; undefined while it is loading, and for a plan that is not listed. */
export function usePlan(): Pick<Plan, 'name' | 'idleStop'> | undefined {
  const trpc = useTRPC();
  const { status } = useStarts();
  const { data } = useQuery(trpc.billing.plans.queryOptions(undefined, { staleTime: 60_000 }));
  return data?.find(({ id }) => id === status?.quota.plan.id);
}
