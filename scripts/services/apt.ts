import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findOnPath } from './processes';

const POLICY = '/usr/sbin/policy-rc.d';
const AS_ROOT = {
  stdio: 'pipe',
  encoding: 'utf8',
  env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
} as const;

/** May packages be installed here without asking anybody anything? */
export const canInstallPackages = () => process.getuid?.() === 0 && findOnPath('apt-get') !== undefined;

function apt(...words: string[]): { ok: boolean; said: string } {
  const result = spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...words], AS_ROOT);
  return { ok: result.status === 0, said: `${result.stdout ?? ''}${result.stderr ?? ''}`.trim() };
}

/** Installs a Debian package and starts none of its services. Returns what went wrong, or undefined. */
export function installPackage(name: string): string | undefined {
  const install = () => apt('install', '-y', '--no-install-recommends', name);
  const denyServices = !existsSync(POLICY);
  if (denyServices) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    if (install().ok) return undefined;
    apt('update');
    const again = install();
    return again.ok ? undefined : again.said.split('\n').slice(-3).join(' ');
  } finally {
    if (denyServices) rmSync(POLICY, { force: true });
  }
}
