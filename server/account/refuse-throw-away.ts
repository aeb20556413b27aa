import { DomainError } from '../errors';

/** Loaded with the first sign-up, because no other command needs the list. */
let domains: Promise<Set<string>> | undefined;

type List = Pick<typeof import('disposable-email-domains-js'), 'disposableEmailBlocklistSet'>;

async function loadDomains(): Promise<Set<string>> {
  const loaded: List & { default?: List } = await import('disposable-email-domains-js');
  // Bundled as a CommonJS module, the list is under `default` alone.
  return (loaded.default ?? loaded).disposableEmailBlocklistSet();
}

/**
 * Refuses an address at a service of throw-away mailboxes, or at a subdomain of one. Nothing leaves the process. Throws
 * INVALID_INPUT.
 */
export async function refuseThrowAway(email: string): Promise<void> {
  domains ??= loadDomains();
  const known = await domains;
  const labels = (email.trim().toLowerCase().split('@').at(-1) ?? '').split('.');
  // The last label alone is a top-level domain.
  const suffixes = labels.slice(0, -1).map((_, i) => labels.slice(i).join('.'));
  if (suffixes.some((domain) => known.has(domain)))
    throw new DomainError(
      'INVALID_INPUT',
      'Addresses of throw-away mailboxes are not accepted. Use an address that you keep.',
    );
}
