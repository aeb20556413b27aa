import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { shellEnv, takeConfig } from '../config';
import { shellIdentity } from '../identity';
import { grantOf, stateOf } from './replay-state';

describe('whom shells run as', () => {
  it('MACHINE-25 is the ordinary user of the image, when there is one and the agent is root', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hourglass-passwd-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const passwd = join(folder, 'passwd');
    writeFileSync(passwd, 'root:x:0:0::/root:/bin/bash\ncoder:x:1000:1001::/home/coder:/bin/bash\n');
    expect(shellIdentity('coder', 0, passwd)).toEqual({
      uid: 1000,
      gid: 1001,
      home: '/home/coder',
      name: 'coder',
    });
    expect(shellIdentity('coder', 1000, passwd)).toBeNull();
    expect(shellIdentity('nobody-here', 0, passwd)).toBeNull();
    expect(shellIdentity(undefined, 0, passwd)).toBeNull();
  });
});

describe('secrets', () => {
  it('MACHINE-25 the token leaves the environment, and a shell gets only what a person needs', () => {
    const source: Record<string, string | undefined> = {
      HOURGLASS_API_URL: 'http://x/',
      HOURGLASS_RUN_ID: 'r',
      HOURGLASS_RUN_TOKEN: 'secret',
      HOURGLASS_LEASE_MS: '1000',
      HOURGLASS_GUARD_MS: '100',
      FLY_MACHINE_ID: 'm',
      PATH: '/bin',
      HOME: '/home/x',
    };
    expect(takeConfig(source)).toMatchObject({
      runToken: 'secret',
      apiUrl: 'http://x',
      idleMs: null,
      port: 8080,
    });
    expect(source.HOURGLASS_RUN_TOKEN).toBeUndefined();
    expect(shellEnv(source, '/w', '/w/.home').HOME).toBe('/w/.home');
    expect(Object.keys(shellEnv(source, '/w', '/w/.home')).sort()).toEqual([
      'COLORTERM',
      'HOME',
      'LANG',
      'PATH',
      'PROMPT_DIRTRIM',
      'SHELL',
      'TERM',
      'WORKSPACE',
    ]);
    expect(takeConfig({})).toMatchObject({ missing: expect.arrayContaining(['HOURGLASS_RUN_TOKEN']) });
  });

  it('MACHINE-26 only a state made for this run, not long ago, opens a terminal', () => {
    const state = (token: string, expiresAt: number, grant = 'key_1') =>
      `v2.${expiresAt}.${grant}.${createHmac('sha256', token).update(`terminal:${expiresAt}:key_1`).digest('base64url')}`;
    const now = 1_000_000_000;
    expect(grantOf(state('token', now + 1), 'token', now)).toBe('key_1');
    expect(grantOf(state('other', now + 1), 'token', now)).toBeNull();
    expect(grantOf(state('token', now + 1, 'key_2'), 'token', now)).toBeNull();
    expect(grantOf(state('token', now - 400_000), 'token', now)).toBeNull();
    expect(grantOf(null, 'token', now)).toBeNull();
    expect(stateOf('instance=a;region=iad;t=1;state=v1.2.x')).toBe('v1.2.x');
  });
});
