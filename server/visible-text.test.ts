import { describe, expect, it } from 'vitest';
import { inputs } from './shapes';
import { cleanName } from './visible-text';

const take = (name: string) => inputs.sessionRename.safeParse({ sessionId: 's', name });

describe('a name', () => {
  it.each([
    ['a zero-width space', '\u200b'],
    ['joiners', '\u200d\u2060'],
    ['an empty braille pattern', '\u2800'],
    ['a Hangul filler', '\u3164'],
    ['a soft hyphen', '\u00ad'],
    ['blanks', ' \u00a0\u3000'],
  ])('ACCOUNT-38 without visible characters is refused: %s', (_, name) => {
    expect(take(name).error?.issues[0]?.message).toBe('must contain a visible character');
  });

  it.each([
    ['a direction override', 'invoice \u202egnp.exe'],
    ['an isolate', 'a\u2067b'],
    ['a line separator', 'a\u2028b'],
    ['half a character', 'x\ud800y'],
    ['a control character', 'a\u0007b'],
  ])('ACCOUNT-38 that disturbs its line is refused: %s', (_, name) => {
    expect(take(name).success).toBe(false);
  });

  it.each([
    ['  api  ', 'api'],
    ['\u200bapi\u200d', 'api'],
    ['日本語 👩‍💻', '日本語 👩‍💻'],
    ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['שלום\u200f!', 'שלום\u200f!'],
  ])('ACCOUNT-38 is stored without invisible characters at its ends: %j', (name, kept) => {
    expect(take(name).data?.name).toBe(kept);
  });

  it('ACCOUNT-38 from another service is cleaned before it is stored', () => {
    expect(cleanName('Ada\u202e\nLovelace\u200b', 80)).toBe('Ada  Lovelace');
    expect(cleanName('\u2800\u200b', 80)).toBe('');
    expect(cleanName(`${'a'.repeat(79)}👩‍💻`, 80)).toBe('a'.repeat(79));
  });
});
