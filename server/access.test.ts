import { expect, it } from 'vitest';
import { appRouter } from './router';
import { access } from './trpc';

/** Lines that must not compile: each is an error of the type checker, and a missing error is one too. */
function mustNotCompile(): unknown[] {
  return [
    // @ts-expect-error a procedure must state its access level
    access(),
    // @ts-expect-error the level must exist
    access('everybody'),
    // @ts-expect-error an administrator's key has no owner level
    access('owner:admin'),
    // @ts-expect-error there is no procedure without an access level
    null as unknown as typeof import('./trpc')['procedure'],
  ];
}

it('ACCOUNT-10 every procedure was made with an access level', () => {
  type Procedure = { _def: { meta?: { access?: string } } };
  const procedures = appRouter._def.procedures as unknown as Record<string, Procedure>;
  const without = Object.entries(procedures).filter(([, { _def }]) => _def.meta?.access === undefined);
  expect(without).toEqual([]);
  expect(mustNotCompile).toBeTypeOf('function');
});
