import type { Instant } from '../clock';
import type { Machine } from './machines';

/**
 * What a machine's events prove. One machine runs once: its first start and first end count, even if the provider
 * restarts it.
 */

/** Tolerance for clock differences; a difference of a whole hour is an error instead. */
const MAX_BEFORE_CREATION_MS = 3_600_000;
const MAX_IN_FUTURE_MS = 60_000;

/**
 * Returns the machine without events at impossible times: more than an hour before its creation, or more than a minute
 * in the future, as when a unit is mistaken. Nothing may be concluded from them. Pure.
 */
export function withoutImpossible(machine: Machine, now: Instant): Machine {
  const from = machine.createdAt === 0 ? 0 : machine.createdAt - MAX_BEFORE_CREATION_MS;
  const events = machine.events.filter(({ at }) => at >= from && at <= now + MAX_IN_FUTURE_MS);
  return events.length === machine.events.length ? machine : { ...machine, events };
}

/** Returns when the machine first ran by the provider's clock; null while nothing proves that it did. */
export function firstStartAt(machine: Machine): Instant | null {
  const starts = machine.events.filter((event) => event.type === 'start').map((event) => event.at);
  return starts.length > 0 ? Math.min(...starts) : null;
}

/**
 * Returns the earliest proof of the end: its exit, or its destruction without one; null while it may be running. Events
 * after a second boot (`restartedAt`) belong to another life and prove nothing about the first.
 */
export function endedAt(machine: Machine, restartedAt: Instant | null = null): Instant | null {
  const exits = machine.events.filter((event) => event.type === 'exit').map((event) => event.at);
  const first = exits.filter((at) => restartedAt === null || at < restartedAt);
  if (first.length > 0) return Math.min(...first);
  if (restartedAt !== null) return null;
  if (!isGone(machine)) return null;
  const destroyed = machine.events.filter((event) => event.type === 'destroy').map((event) => event.at);
  // Destruction takes a moment, so only its last event is the proof.
  return destroyed.length > 0 ? Math.max(...destroyed) : null;
}

/** Whether the provider says that this machine cannot run any more. */
export const isGone = (machine: Machine): boolean =>
  machine.state === 'destroyed' || machine.state === 'stopped' || machine.state === 'failed';
