import { expect, it } from 'vitest';
import { appRouter } from './router';
import { access } from './trpc';

/** What must not compile: each line below is an error of the type checker, and an error that is missing is one too. */
function mustNotCompile(): unknown[] {
  return [
    // @ts-expect-error a procedure states whom it admits
    access(),
    // @ts-expect-error and no other level than there is
    access('everybody'),
    // @ts-expect-error keys of administrators know no owners
    access('owner:admin'),
    // @ts-expect-error there is no bare way to make a procedure
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
