import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mendDriver } from '@/db/mend-driver.mjs';

/**
 * Puts Next's standalone output, and the files Next does not copy, into `dist/web`. Throws when the PostgreSQL driver
 * in it is not the patched one.
 */
export function assembleWeb(root: string): void {
  const [web, standalone] = [join(root, 'dist/web'), join(root, '.next/standalone')];
  rmSync(web, { recursive: true, force: true });
  cpSync(standalone, web, { recursive: true, verbatimSymlinks: true });
  cpSync(join(root, '.next/static'), join(web, '.next/static'), { recursive: true });
  if (existsSync(join(root, 'public')))
    cpSync(join(root, 'public'), join(web, 'public'), { recursive: true });
  cpSync(join(root, 'scripts/serve-web.mjs'), join(web, 'main.mjs'));
  cpSync(join(root, 'node_modules/postgres'), join(web, 'node_modules/postgres'), { recursive: true });
  mendDriver(join(web, 'node_modules/postgres'));
}
