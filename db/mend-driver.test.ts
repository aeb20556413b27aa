import { cpSync, linkSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needMendedDriver } from './client';
import { markerOf, mendDriver, readPatches } from './mend-driver.mjs';

const INSTALLED = join(process.cwd(), 'node_modules/postgres');
const FILES = ['src/connection.js', 'src/index.js', 'cjs/src/connection.js', 'cjs/src/index.js'];
const PATCHES = readPatches();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hourglass-driver-'));
  cpSync(INSTALLED, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = () => FILES.map((file) => readFileSync(join(folder, file), 'utf8'));

/** Reverts the patches from the last one down to this one. */
function unmend(from: number): void {
  for (const file of FILES) {
    const path = join(folder, file);
    let text = readFileSync(path, 'utf8');
    for (const patch of PATCHES.slice(from).reverse())
      for (const { before, after } of patch.get(file.split('/').at(-1) ?? '') ?? [])
        text = text.replace(after, () => before);
    writeFileSync(path, text);
  }
}

describe('the driver', () => {
  it('QUOTA-42 is patched to the same code from the published driver and from every earlier patch level', () => {
    const mended = read();
    for (let from = 0; from < PATCHES.length; from++) {
      unmend(from);
      expect(read(), `from patch ${from}`).not.toEqual(mended);
      mendDriver(folder);
      expect(read(), `from patch ${from}`).toEqual(mended);
    }
    expect(mended.filter((text) => text.includes(`mended: '${markerOf(PATCHES)}'`))).toHaveLength(2);
  });

  it('QUOTA-42 is not changed when it is patched already, nor in other trees that share its files', () => {
    const path = join(folder, 'src/index.js');
    const { ino } = statSync(path);
    mendDriver(folder);
    expect(statSync(path).ino).toBe(ino);
    unmend(0);
    const other = join(folder, 'elsewhere.js');
    linkSync(path, other);
    const published = readFileSync(other, 'utf8');
    mendDriver(folder);
    expect(readFileSync(other, 'utf8')).toBe(published);
    expect(readFileSync(path, 'utf8')).not.toBe(published);
  });

  it('QUOTA-42 of another version, or with other changes, is refused', () => {
    unmend(0);
    writeFileSync(join(folder, 'src/connection.js'), '// something else\n');
    expect(() => mendDriver(folder)).toThrow('install it again');
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '3.5.0' }));
    expect(() => mendDriver(folder)).toThrow('postgres is 3.5.0');
  });

  it('QUOTA-42 without its patches is refused by openDatabase', () => {
    expect(() => needMendedDriver(postgres)).not.toThrow();
    expect((postgres as unknown as { mended: string }).mended).toBe(markerOf(PATCHES));
    expect(() => needMendedDriver({})).toThrow('node db/mend-driver.mjs');
    expect(() => needMendedDriver({ mended: '3.4.9+1' })).toThrow('node db/mend-driver.mjs');
  });
});
