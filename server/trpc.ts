import { initTRPC, TRPCError } from '@trpc/server';
import { ZodError, z } from 'zod';
import { limitDatabaseTime } from '@/db/time-limit';
import { type Actor, type Ctx, REQUEST_TIMEOUT_MS } from './context';
import { DomainError, quotaUnavailable, type Reason, type RefusalDetails } from './errors';
import { headersOf, refusalOf } from './http/to-response';
import type { Scope } from './shapes';

/** A request: its actor, and the id it is logged under. */
type RequestCtx = Ctx & {
  actor: Actor | null;
  requestId: string;
  /** The visitor's currency, from their language settings. */
  currency?: string;
  /** Headers to add to the response, such as Retry-After. */
  responseHeaders: Headers;
};

const t = initTRPC
  .context<RequestCtx>()
  .meta<{ access: string }>()
  .create({
    isDev: false,
    errorFormatter({ shape, error }) {
      const refusal = error.cause instanceof DomainError ? error.cause : null;
      const invalid = error.cause instanceof ZodError ? error.cause : null;
      const reason: Reason | null =
        refusal?.reason ?? (invalid ? 'INVALID_INPUT' : (REASON_OF_CODE[error.code] ?? null));
      const details: RefusalDetails = refusal?.details ?? (invalid ? { fields: fieldErrors(invalid) } : {});
      return {
        ...shape,
        message: refusal?.message ?? sentenceOf(error, invalid),
        data: {
          code: shape.data.code,
          httpStatus: shape.data.httpStatus,
          path: shape.data.path,
          reason,
          ...details,
        },
      };
    },
  });

/** Refusals raised by tRPC itself, such as for an unknown procedure or a body that is not JSON. */
const REASON_OF_CODE: Partial<Record<TRPCError['code'], Reason>> = {
  BAD_REQUEST: 'INVALID_INPUT',
  PARSE_ERROR: 'INVALID_INPUT',
  NOT_FOUND: 'NOT_FOUND',
  UNAUTHORIZED: 'UNAUTHORIZED',
  FORBIDDEN: 'FORBIDDEN',
};

function fieldErrors(error: ZodError): Record<string, string[]> {
  const flat = z.flattenError(error);
  const fields: Record<string, string[]> = { ...(flat.fieldErrors as Record<string, string[]>) };
  if (flat.formErrors.length > 0) fields[''] = flat.formErrors;
  return fields;
}

function sentenceOf(error: TRPCError, invalid: ZodError | null): string {
  const first = invalid?.issues[0];
  if (first) return `The input is not valid: ${first.path.join('.') || 'input'}: ${first.message}.`;
  switch (error.code) {
    case 'INTERNAL_SERVER_ERROR':
      return 'Something went wrong on our side. It has been recorded; try again in a moment.';
    case 'BAD_REQUEST':
    case 'PARSE_ERROR':
      return 'The request could not be read.';
    default:
      return error.message;
  }
}

/** The one place where refusals become tRPC errors and unknown errors lose their text. */
const refuse = t.middleware(async ({ ctx, path, next }) => {
  const { result, failure } = await limitDatabaseTime(REQUEST_TIMEOUT_MS, async (time) => {
    const answered = await next();
    return { result: answered, failure: time.failure };
  });
  if (result.ok) return result;
  const cause = result.error.cause;
  const isAway = Boolean(failure) && result.error.code === 'INTERNAL_SERVER_ERROR';
  const refusal = refusalOf(cause) ?? (isAway ? quotaUnavailable() : null);
  if (refusal) {
    const facts = { err: cause ?? failure, path, requestId: ctx.requestId };
    if (refusal !== cause) ctx.log.error(facts, 'PostgreSQL is unreachable');
    for (const [name, value] of Object.entries(headersOf(refusal))) ctx.responseHeaders.set(name, value);
    throw new TRPCError({ code: refusal.code, message: refusal.message, cause: refusal });
  }
  if (result.error.code === 'INTERNAL_SERVER_ERROR') {
    ctx.log.error({ err: cause ?? result.error, path, requestId: ctx.requestId }, 'procedure failed');
  }
  return result;
});

export const router = t.router;
export const mergeRouters = t.mergeRouters;
export const createCallerFactory = t.createCallerFactory;

const open = t.procedure.use(refuse);

export type Access =
  /** Every caller, signed in or not. */
  | 'public'
  /** A signed-in user; never an API key. */
  | 'person'
  /** A signed-in owner of the account; never an API key. */
  | 'owner'
  /** A signed-in administrator, or an administrator's key with scope `admin`. */
  | 'admin'
  /** A member of the account, or a key with this scope; `owner:` admits only owners among the members. */
  | Scope
  | `owner:${Exclude<Scope, 'admin'>}`;

/** Returns a procedure builder with an access level. There is no other way to make a procedure. */
export function access(level: Access) {
  return open.meta({ access: level }).use(({ ctx, next }) => {
    const actor = ctx.actor;
    const account = level === 'public' ? null : admit(actor, level);
    return next({ ctx: { ...ctx, accountId: account?.accountId ?? '', member: account } });
  });
}

export type Member = Exclude<Actor, { kind: 'system' }>;

/** Returns the member that may call at this level. Throws UNAUTHORIZED, FORBIDDEN. */
export function admit(actor: Actor | null, level: Exclude<Access, 'public'>): Member {
  if (!actor || actor.kind === 'system') {
    throw new DomainError('UNAUTHORIZED', 'Sign in, or send an API key, to do this.');
  }
  if (!mayCall(actor, level)) throw new DomainError('FORBIDDEN', refusalSentence(actor, level));
  return actor;
}

/** Whether this actor may call a procedure of this access level. Pure. */
function mayCall(actor: Member, level: Exclude<Access, 'public'>): boolean {
  if (level === 'person') return actor.kind === 'user';
  if (level === 'owner') return actor.kind === 'user' && actor.role === 'owner';
  if (level === 'admin')
    return (
      actor.isAdmin && (actor.kind === 'user' ? !actor.lacksSecondFactor : actor.scopes.includes('admin'))
    );
  const ownersOnly = level.startsWith('owner:');
  const scope = (ownersOnly ? level.slice('owner:'.length) : level) as Scope;
  if (actor.kind === 'user') return !ownersOnly || actor.role === 'owner';
  // A key that may write may also read.
  return (
    actor.scopes.includes(scope) ||
    (scope.endsWith(':read') && actor.scopes.includes(scope.replace(':read', ':write') as Scope))
  );
}

export const SECOND_FACTOR_NEEDED =
  'Administrators need a second factor. Set one up under Settings, then do this again.';

function refusalSentence(actor: Member, level: string): string {
  if (level === 'admin' && actor.isAdmin && actor.kind === 'user') return SECOND_FACTOR_NEEDED;
  if (level === 'admin') return 'Only administrators may do this.';
  const personal = level === 'person' || level === 'owner';
  if (personal && actor.kind === 'apiKey') return 'An API key may not do this; sign in instead.';
  if (actor.kind === 'apiKey') return `This API key lacks the scope ${level.replace('owner:', '')}.`;
  return 'Only an owner of this account may do this.';
}
