import { join } from 'node:path';
import { buildAll } from '@/scripts/build-all';
import { prepareBase } from './base';
import { layOutBuild } from './dockerfile';
import { prepareTools } from './tools';
import { type Image, Workshop } from './workshop';

export type Images = { product: Image; cloud: Image; machine: Image; close(): void };

/** What `npm run build` leaves where, by the name that the machine's Dockerfile has for it. */
const placeOfMachine = (source: string): string => (source === 'agent.mjs' ? 'dist/agent/main.mjs' : source);

/**
 * Builds the images from their Dockerfiles, with this checkout's `dist/` in place of their first stage. Returns why that
 * cannot be done on this computer; throws when it can and a build fails.
 */
export async function buildImages(): Promise<Images | { problem: string }> {
  const problem = prepareTools();
  if (problem) return { problem };
  const base = await prepareBase();
  if ('problem' in base) return base;
  await buildAll({});
  const workshop = new Workshop();
  try {
    const name = await workshop.addBase(base.archive);
    const product = join(workshop.dir, 'product');
    const machine = join(workshop.dir, 'machine');
    layOutBuild('deploy/Dockerfile', product, (source) => source);
    layOutBuild('machine/Dockerfile', machine, placeOfMachine);
    const build = (target: string, file: string, folder: string, args = {}) =>
      workshop.build(`localhost/hourglass-test-${target}`, {
        file,
        target,
        args: { NODE_IMAGE: name, ...args },
        contexts: { build: folder },
      });
    return {
      product: await build('product', 'deploy/Dockerfile', product),
      cloud: await build('cloud', 'deploy/Dockerfile', product),
      machine: await build('machine', 'machine/Dockerfile', machine, { TOOLS: name }),
      close: () => workshop.close(),
    };
  } catch (error) {
    workshop.close();
    throw error;
  }
}
