import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unwatchFolder, watchFolder } from '@/scripts/services/watchdog';
import { ROOT } from '@/scripts/stack-part';

export type ImageConfig = {
  User: string;
  Env: string[];
  Cmd: string[] | null;
  Entrypoint: string[];
  WorkingDir: string;
  StopSignal: string;
  Healthcheck?: { Test: string[] };
};
/** An image and a container of it: what its registry would tell, and its files. */
export type Image = { config: ImageConfig; history: string; rootDir: string };
export type Build = {
  file: string;
  target?: string;
  args: Record<string, string>;
  contexts: Record<string, string>;
};

const BASE = 'localhost/hourglass-test-base';

/** A store of images of its own, gone with this process. */
export class Workshop {
  readonly dir = join(ROOT, `.hourglass/images/store-${process.pid}`);

  constructor() {
    mkdirSync(this.dir, { recursive: true });
    watchFolder(this.dir);
  }

  /** Makes the archive of a file system an image that others begin with, and returns its name. */
  async addBase(archive: string): Promise<string> {
    const container = await this.buildah('from', 'scratch');
    await this.buildah('add', '--quiet', container, archive, '/');
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    await this.buildah('config', '--env', path, container);
    await this.buildah('commit', '--quiet', '--rm', container, BASE);
    return BASE;
  }

  /** Builds an image as `docker build` would, and makes a container of it. Throws with what the build said. */
  async build(name: string, { file, target, args, contexts }: Build): Promise<Image> {
    await this.buildah(
      ...['build', '--quiet', '--format', 'docker', '--file', file, '--tag', name],
      ...(target ? ['--target', target] : []),
      ...Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
      ...Object.entries(contexts).flatMap(([key, value]) => ['--build-context', `${key}=${value}`]),
      '.',
    );
    const { Docker } = JSON.parse(await this.buildah('inspect', '--type', 'image', name));
    const container = await this.buildah('from', name);
    const rootDir = await this.buildah('mount', container);
    return { config: Docker.config, history: JSON.stringify(Docker.history), rootDir };
  }

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
    unwatchFolder(this.dir);
  }

  private async buildah(...words: string[]): Promise<string> {
    const store = ['--root', join(this.dir, 'root'), '--runroot', join(this.dir, 'run')];
    const { stdout } = await promisify(execFile)('buildah', [...store, '--storage-driver', 'vfs', ...words], {
      cwd: ROOT,
      env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
      maxBuffer: 1 << 26,
    });
    return stdout.trim();
  }
}
