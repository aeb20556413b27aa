import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { prepareHome } from './home';

function volume() {
  const folder = mkdtempSync(join(tmpdir(), 'hourglass-home-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const skeleton = join(folder, 'skeleton');
  const workspace = join(folder, 'workspace');
  mkdirSync(join(skeleton, '.config'), { recursive: true });
  writeFileSync(join(skeleton, '.bashrc'), '# from the image\n');
  writeFileSync(join(skeleton, '.config', 'tool'), 'default\n');
  chmodSync(join(skeleton, '.config', 'tool'), 0o600);
  return { workspace, skeleton, fallback: join(folder, 'fallback'), owner: null };
}
const read = (...parts: string[]) => readFileSync(join(...parts), 'utf8');

describe('a home folder', () => {
  it('MACHINE-47 is made on the volume from the skeleton, also on a volume that was used before', () => {
    const options = volume();
    mkdirSync(options.workspace);
    writeFileSync(join(options.workspace, 'old'), 'work');
    const home = prepareHome(options);
    expect(home).toEqual({ path: join(options.workspace, '.home'), isKept: true, problem: null });
    expect(read(home.path, '.bashrc')).toContain('# from the image');
    expect(read(home.path, '.config', 'tool')).toBe('default\n');
    expect(statSync(join(home.path, '.config', 'tool')).mode & 0o777).toBe(0o600);
    expect(read(options.workspace, 'old')).toBe('work');
  });

  it('MACHINE-47 is never written to again: what was changed, added or removed stays so', () => {
    const options = volume();
    const { path } = prepareHome(options);
    writeFileSync(join(path, '.bashrc'), 'mine\n');
    writeFileSync(join(path, 'x'), '');
    rmSync(join(path, '.config'), { recursive: true });
    writeFileSync(join(options.skeleton, '.newer'), 'of a newer image');
    prepareHome(options);
    expect(read(path, '.bashrc')).toBe('mine\n');
    expect(read(path, 'x')).toBe('');
    expect(() => statSync(join(path, '.config'))).toThrow();
    expect(() => statSync(join(path, '.newer'))).toThrow();
  });

  it('MACHINE-47 that was made in part only is made again from the beginning', () => {
    const options = volume();
    mkdirSync(join(options.workspace, '.home.unfinished'), { recursive: true });
    writeFileSync(join(options.workspace, '.home.unfinished', '.bashrc'), '# from th');
    const { path } = prepareHome(options);
    expect(read(path, '.bashrc')).toContain('# from the image');
    expect(() => statSync(join(options.workspace, '.home.unfinished'))).toThrow();
  });

  it('MACHINE-47 that cannot be made is replaced for this run, and the problem is told', () => {
    const options = volume();
    mkdirSync(options.workspace);
    writeFileSync(join(options.workspace, '.home'), 'a file of this name');
    const home = prepareHome(options);
    expect(home).toMatchObject({ path: options.fallback, isKept: false });
    expect(home.problem).not.toBe('');
    expect(read(options.workspace, '.home')).toBe('a file of this name');
  });

  it('MACHINE-47 belongs to the person, and so does the volume', () => {
    const [self, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    const owner = self === 0 ? { uid: 65_534, gid: 65_534 } : { uid: self, gid: group };
    const options = { ...volume(), owner };
    mkdirSync(join(options.workspace, 'folder'), { recursive: true });
    writeFileSync(join(options.workspace, 'folder', 'old'), '');
    const { path } = prepareHome(options);
    for (const file of [path, join(path, '.bashrc'), join(path, '.config', 'tool')])
      expect(statSync(file).uid, file).toBe(owner.uid);
    expect(statSync(join(options.workspace, 'folder', 'old')).uid).toBe(owner.uid);
    // Files another user made there since then are left unchanged.
    writeFileSync(join(path, 'by-root'), '');
    prepareHome(options);
    expect(statSync(join(path, 'by-root')).uid).toBe(self);
  });
});
