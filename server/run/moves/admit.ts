import type { Row } from '@/db/rows';
import type { run as runTable, session as sessionTable } from '@/db/schema/session';
import type { Env } from '../../env';
import { type AccountState, quotaRules } from '../../quota/account-state';
import { firstSlice } from '../../quota/grant';
import { endOf, lengthOf, type Segment } from '../../quota/lease';
import { idleSecondsOf } from '../idle';
import { FIRST_LOOK_MS } from '../times';
import type { Booking } from './move';

type RunRow = Row<typeof runTable>;
type Session = Pick<Row<typeof sessionTable>, 'id' | 'region' | 'idle_stop_seconds'>;

/** A new run and its hold. */
export type NewRun = {
  row: Pick<
    RunRow,
    | 'id'
    | 'account_id'
    | 'session_id'
    | 'status'
    | 'start_key'
    | 'region'
    | 'admitted_at'
    | 'metered_to'
    | 'proof_at'
    | 'lease_ms'
    | 'lease_until'
    | 'due_at'
  > & { idle_stop_seconds: number };
  segments: Segment[];
  books: Booking[];
};

/** Admits a start that nothing refuses: a run with its first slice, laid out from now until its start is proven. */
export function admitStart(
  env: Env,
  state: AccountState,
  session: Session,
  { id, key }: { id: string; key: string | null },
): NewRun {
  const { now } = state;
  const segments = firstSlice(state, quotaRules(env));
  return {
    row: {
      id,
      account_id: state.accountId,
      session_id: session.id,
      status: 'starting',
      start_key: key,
      region: session.region,
      admitted_at: now,
      metered_to: now,
      proof_at: now,
      lease_ms: lengthOf(segments),
      lease_until: endOf(segments, now),
      idle_stop_seconds: idleSecondsOf(state.plan, session.idle_stop_seconds),
      due_at: now + FIRST_LOOK_MS,
    },
    segments,
    books: [{ kind: 'align' }, { kind: 'hold', segments }],
  };
}
