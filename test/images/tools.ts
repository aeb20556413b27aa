import { canInstallPackages, downloadPackages, installPackage } from '@/scripts/services/apt';
import { findOnPath } from '@/scripts/services/processes';

/** The Debian package of each program that builds or starts an image; the last two are part of every Debian. */
const PACKAGES: Record<string, string> = {
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
  unshare: 'util-linux',
  nsenter: 'util-linux',
};
const DOWNLOAD_TIMEOUT_MS = 60_000;

/** Installs missing tools where that needs no prompt. Returns why images cannot be built here, or undefined. */
export function prepareTools(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'building them without Docker needs Linux and root';
  const missing = Object.keys(PACKAGES).filter((name) => !findOnPath(name));
  if (missing.length === 0) return undefined;
  const names = [...new Set(missing.map((name) => PACKAGES[name] ?? name))];
  if (!canInstallPackages()) return `there is no ${missing.join(' and no ')}, and no apt-get to install it`;
  const problem = downloadPackages(names, DOWNLOAD_TIMEOUT_MS) ?? installAll(names);
  return problem && `${names.join(' and ')} could not be installed: ${problem}`;
}

function installAll(names: string[]): string | undefined {
  for (const name of names) {
    const problem = installPackage(name);
    if (problem) return problem;
  }
  return undefined;
}
