import type { Ctx } from '../context';
import { metrics } from '../metrics';

const AGES = ['day', 'week', 'month', 'older'] as const;

/**
 * Sets the metric of the seconds that accounts without a payment used in this UTC month and in trials, by the time
 * since the account was created. A rise of `day` shows sign-ups made for free time.
 */
export async function reportFreeSeconds({ reports }: Pick<Ctx, 'reports'>): Promise<void> {
  const rows = await reports<{ age: (typeof AGES)[number]; seconds: number }[]>`
    select case when a.created_at > hg_clock() - interval '1 day' then 'day'
        when a.created_at > hg_clock() - interval '7 days' then 'week'
        when a.created_at > hg_clock() - interval '30 days' then 'month' else 'older' end as age,
      sum(p.used_ms)::float8 / 1000 as seconds
    from usage_period p join account a on a.id = p.account_id
    where p.period in (to_char(hg_clock() at time zone 'UTC', 'YYYY-MM'), 'trial') and p.used_ms > 0
      and a.own_plan_id = 'free'
      and not exists (select 1 from subscription s where s.account_id = a.id
        and s.status in ('active', 'trialing', 'past_due'))
    group by 1`;
  for (const age of AGES) metrics.freeSeconds.set({ age }, rows.find((row) => row.age === age)?.seconds ?? 0);
}
