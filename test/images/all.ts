import { join } from 'node:path';
import { buildAll } from '@/scripts/build-all';
import { prepareBase } from './base';
import { runToEnd } from './container';
import { layOutBuild } from './dockerfile';
import { prepareTools } from './tools';
import { type Image, Workshop } from './workshop';

export type Images = { product: Image; cloud: Image; machine: Image; close(): void };

/** Returns where `npm run build` puts a file that the machine's Dockerfile copies. */
const placeOfMachine = (source: string): string => (source === 'agent.mjs' ? 'dist/agent/main.mjs' : source);

/**
 * Builds the images from their Dockerfiles, with this checkout's `dist/` in place of the first stage. Returns the
 * reason when this computer cannot build them; throws when a build fails.
 */
export async function buildImages(): Promise<Images | { problem: string }> {
  const problem = prepareTools();
  if (problem) return { problem };
  const base = await prepareBase();
  if ('problem' in base) return base;
  const workshop = new Workshop();
  try {
    const name = 'localhost/hourglass-test-base';
    const unusable = await tryBase(workshop, name, base.archive);
    if (unusable) {
      workshop.close();
      return { problem: unusable };
    }
    await buildAll({});
    const product = join(workshop.dir, 'product');
    const machine = join(workshop.dir, 'machine');
    layOutBuild('deploy/Dockerfile', product, (source) => source);
    layOutBuild('machine/Dockerfile', machine, placeOfMachine);
    const build = (target: string, file: string, folder: string, more = {}) =>
      workshop.build(`localhost/hourglass-test-${target}`, {
        file,
        target,
        args: { NODE_IMAGE: name },
        contexts: { build: folder, ...more },
      });
    return {
      product: await build('product', 'deploy/Dockerfile', product),
      cloud: await build('cloud', 'deploy/Dockerfile', product),
      machine: await build('machine', 'machine/Dockerfile', machine, { tools: `container-image://${name}` }),
      close: () => workshop.close(),
    };
  } catch (error) {
    workshop.close();
    throw error;
  }
}

/**
 * Imports the base as an image and starts it, before anything of this product is added. Returns the reason when that
 * fails, or undefined.
 */
async function tryBase(workshop: Workshop, name: string, archive: string): Promise<string | undefined> {
  const firstLine = (text: string) => text.trim().split('\n')[0] ?? '';
  try {
    await workshop.addBase(name, archive);
    const { code, error } = await runToEnd(await workshop.open(name), { words: ['node', '--version'] });
    return code === 0 ? undefined : `a container cannot be started: ${firstLine(error)}`;
  } catch (error) {
    return `buildah cannot make an image: ${firstLine(String((error as { stderr?: string }).stderr || error))}`;
  }
}
