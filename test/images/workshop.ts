import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isAlive } from '@/scripts/services/processes';
import { ROOT } from '@/scripts/stack-part';

type ImageConfig = {
  User: string;
  Env: string[];
  Cmd: string[] | null;
  Entrypoint: string[] | null;
  WorkingDir: string;
  StopSignal: string;
  Healthcheck?: { Test: string[] };
};
/** An image and a container of it: the image's metadata and its files. */
export type Image = { config: ImageConfig; history: string; rootDir: string };
export type Build = {
  file: string;
  target?: string;
  args: Record<string, string>;
  contexts: Record<string, string>;
};

const FOLDER = join(ROOT, '.hourglass/images');

/** An image store of this process. Opening one removes the stores that earlier processes left behind. */
export class Workshop {
  readonly dir = join(FOLDER, `store-${process.pid}`);
  private readonly driver: 'overlay' | 'vfs';

  constructor() {
    mkdirSync(this.dir, { recursive: true });
    for (const name of readdirSync(FOLDER)) {
      const owner = Number(/^store-(\d+)$/.exec(name)?.[1] ?? process.pid);
      if (!isAlive(owner)) removeStore(join(FOLDER, name));
    }
    // A file system that is itself an overlay cannot carry another; copying works everywhere, slowly.
    const probe = join(this.dir, 'probe');
    const store = ['--root', join(probe, 'root'), '--runroot', join(probe, 'run')];
    const { status } = spawnSync('buildah', [...store, '--storage-driver', 'overlay', 'from', 'scratch']);
    this.driver = status === 0 ? 'overlay' : 'vfs';
    removeStore(probe);
  }

  /** Imports the archive of a file system as an image to build on. */
  async addBase(name: string, archive: string): Promise<void> {
    const container = await this.buildah('from', 'scratch');
    await this.buildah('add', '--quiet', container, archive, '/');
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    await this.buildah('config', '--env', path, container);
    await this.buildah('commit', '--quiet', '--rm', container, name);
  }

  /** Builds an image as `docker build` would, and opens it. Throws with the output of the build. */
  async build(name: string, { file, target, args, contexts }: Build): Promise<Image> {
    await this.buildah(
      ...['build', '--quiet', '--format', 'docker', '--file', file, '--tag', name],
      ...(target ? ['--target', target] : []),
      ...Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
      ...Object.entries(contexts).flatMap(([key, value]) => ['--build-context', `${key}=${value}`]),
      '.',
    );
    return this.open(name);
  }

  /** Creates a container of an image. */
  async open(name: string): Promise<Image> {
    const { Docker } = JSON.parse(await this.buildah('inspect', '--type', 'image', name));
    const container = await this.buildah('from', name);
    const rootDir = await this.buildah('mount', container);
    return { config: Docker.config, history: JSON.stringify(Docker.history), rootDir };
  }

  close(): void {
    removeStore(this.dir);
  }

  private async buildah(...words: string[]): Promise<string> {
    const store = ['--root', join(this.dir, 'root'), '--runroot', join(this.dir, 'run')];
    const { stdout } = await promisify(execFile)(
      'buildah',
      [...store, '--storage-driver', this.driver, ...words],
      {
        cwd: ROOT,
        env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
        maxBuffer: 1 << 26,
      },
    );
    return stdout.trim();
  }
}

/** Removes a store and its remaining mounts. */
function removeStore(dir: string): void {
  const mounts = join(dir, 'root/overlay');
  if (existsSync(mounts)) spawnSync('umount', ['--recursive', '--lazy', mounts]);
  rmSync(dir, { recursive: true, force: true });
}
