import { describe, expect, it } from 'vitest';
import { reduceError } from './reduce-error';

const raw = {
  message:
    'Bad "my secret plan" for ada@example.com at https://host.test/x?token=abc#f in 0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee with hg_abcdefgh_abcdefghijklmnopqrstuvwxyzABCDEF and “Ada’s notes”',
  stack: [
    'TypeError: Bad "my secret plan"',
    '    at Foo.bar (https://host.test/_next/static/chunks/app-1234.js?x=1:10:22)',
    '    at my secret plan',
    'render@https://host.test/_next/static/chunks/9-ab.js:1:2',
    '    at evil (chrome-extension://abc/x.js:1:1)',
    '    at https://host.test/sessions/abc?name=ada:3:4',
  ].join('\n'),
  path: '/sessions/0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee?tab=1',
};

describe('what a browser reports', () => {
  it('ACCOUNT-86 holds no email, text, address, id or key', () => {
    expect(reduceError(raw)).toEqual({
      message: 'Bad […] for [email] at [address] in [id] with [cut] and […]',
      frames: ['Foo.bar app-1234.js:10:22', 'render 9-ab.js:1:2'],
      page: '/sessions/[id]',
    });
  });

  it('ACCOUNT-86 stays as it is when it is reduced again', () => {
    const { message, page } = reduceError(raw);
    const stack = 'at Foo.bar (/_next/static/app-1234.js:10:22)\nat  (/_next/static/9-ab.js:1:2)';
    expect(reduceError({ message, stack, path: page })).toEqual({
      message,
      frames: ['Foo.bar app-1234.js:10:22', '9-ab.js:1:2'],
      page,
    });
  });

  it('ACCOUNT-86 is short, also when what was thrown is not', () => {
    const long = reduceError({
      message: 'word '.repeat(900),
      stack: `${raw.stack}\n`.repeat(50),
      path: '/x',
    });
    expect(long.message.length).toBeLessThanOrEqual(300);
    expect(long.frames).toHaveLength(20);
    expect(reduceError({ message: '', stack: '', path: `/ada@example.com/${'y'.repeat(400)}` })).toEqual({
      message: '',
      frames: [],
      page: '/[email]/[id]',
    });
  });
});
