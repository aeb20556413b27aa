import { expect, it } from 'vitest';
import { nextPath } from './next-path';
import { sentenceOfReturn } from './sign-in-form';

it('BILLING-18 signing in leads on to a path of this site, or to the dashboard', () => {
  expect(nextPath('/sessions/a?tab=2')).toBe('/sessions/a?tab=2');
  for (const elsewhere of ['/\t/evil.example', '//evil.example', 'https://evil.example', null])
    expect(nextPath(elsewhere)).toBe('/dashboard');
});

it('ACCOUNT-27 a failed sign-in with GitHub says what to do', () => {
  expect(sentenceOfReturn(null)).toBeNull();
  expect(sentenceOfReturn('account_not_linked')).toMatch(/account for the email address.*Sign in with/);
  expect(sentenceOfReturn('RATE_LIMITED')).toMatch(/Try again tomorrow/);
  expect(sentenceOfReturn('INVALID_INPUT')).toMatch(/address that you keep/);
  expect(sentenceOfReturn('state_mismatch')).toMatch(/Try again/);
});
