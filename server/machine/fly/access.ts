import type { MachineFailure, Outcome } from '../machines';
import type { FlyHttp } from './http';
import type { KnownApps } from './known-apps';

/** What every call of the adapter needs, and the results they share. */
export type FlyAccess = {
  http: FlyHttp;
  org: string;
  environmentId: string;
  image: string;
  apps: KnownApps;
};

export const done = <T>(value: T): Outcome<T> => ({ ok: true, value });

export const failed = (kind: MachineFailure['kind'], message: string): Outcome<never> => ({
  ok: false,
  failure: { kind, message },
});

/** Apps and volumes cost no machine time: an unknown outcome there still means that no machine was created. */
export const surelyNothing = (failure: MachineFailure): Outcome<never> =>
  failure.kind === 'ambiguous' ? failed('unavailable', failure.message) : { ok: false, failure };

/** The run is no longer wanted, and no machine was requested yet. */
export const unwanted = (): Outcome<never> =>
  failed('refused', 'the run ended or took too long before its machine was requested');
