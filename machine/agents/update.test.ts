import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** The command on a copy of its folder, with an npm whose registry is a table in this file. */

const HERE = import.meta.dirname;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hourglass-agents-'));
  for (const name of ['package.json', 'update.mjs']) cpSync(join(HERE, name), join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const manifest = (dir = folder) => JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));

/** Runs the command; npm does not know a package that is missing from `published`. */
function update(published: Record<string, string>) {
  const cases = Object.entries(published).map(([name, version]) => `'${name}') echo '${version}';;`);
  const npm = `#!/bin/sh\n[ "$1 $3" = 'view version' ] || exit 9\ncase "$2" in\n${cases.join('\n')}\n*) echo E404 >&2; exit 1;;\nesac\n`;
  writeFileSync(join(folder, 'npm'), npm);
  chmodSync(join(folder, 'npm'), 0o755);
  const env = {
    PATH: `${folder}:${dirname(process.execPath)}:/usr/bin:/bin`,
  } as unknown as NodeJS.ProcessEnv;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'update.mjs')], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('the versions of the agents', () => {
  it('MACHINE-73 are pinned exactly, one per agent', () => {
    const { dependencies } = manifest(HERE);
    expect(Object.keys(dependencies).length).toBe(4);
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('MACHINE-73 move to the newest, each said, and nothing else of the file changes', () => {
    const before = manifest();
    const names = Object.keys(before.dependencies);
    const [first = '', ...others] = names;
    const same = Object.fromEntries(others.map((name) => [name, before.dependencies[name]]));
    const { status, stdout, stderr } = update({ ...same, [first]: '999.0.1' });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')[0]).toBe(`${first} ${before.dependencies[first]} → 999.0.1`);
    expect(stdout.split('\n')[1]).toBe(`${others[0]} ${before.dependencies[others[0] ?? '']}`);
    expect(manifest()).toEqual({ ...before, dependencies: { ...same, [first]: '999.0.1' } });
  });

  it('MACHINE-73 stay where one of them is unknown, or is no release', () => {
    const before = readFileSync(join(folder, 'package.json'), 'utf8');
    const names = Object.keys(manifest().dependencies);
    const all = Object.fromEntries(names.map((name) => [name, '999.0.1']));
    const last = names.at(-1) ?? '';
    const preview = update({ ...all, [last]: '999.0.1-rc.1' });
    expect([preview.status, preview.stderr]).toEqual([
      1,
      `${last}: "999.0.1-rc.1" is not a version. Nothing was changed.\n`,
    ]);
    const { [last]: _, ...rest } = all;
    const unknown = update(rest);
    expect([unknown.status, unknown.stderr]).toEqual([
      1,
      expect.stringMatching(/does not tell its version.*\nE404/),
    ]);
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).toBe(before);
  });
});
