import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findOnPath } from './processes';

const POLICY = '/usr/sbin/policy-rc.d';
const AS_ROOT = {
  stdio: 'pipe',
  encoding: 'utf8',
  env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
} as const;

/** Whether packages can be installed here without a prompt. */
export const canInstallPackages = () => process.getuid?.() === 0 && findOnPath('apt-get') !== undefined;

type Said = { ok: boolean; said: string };

const apt = (...words: string[]): Said => aptWithin(undefined, ...words);

function aptWithin(timeout: number | undefined, ...words: string[]): Said {
  const flags = ['-q', '-o', 'DPkg::Lock::Timeout=120'];
  const result = spawnSync('apt-get', [...flags, ...words], { ...AS_ROOT, timeout });
  const late = result.error ? `apt-get was ended after ${timeout} ms` : '';
  return { ok: result.status === 0, said: `${result.stdout ?? ''}${result.stderr ?? ''}${late}`.trim() };
}

const lastLines = ({ said }: Said): string => said.split('\n').slice(-3).join(' ');

/**
 * Downloads Debian packages with their dependencies, so that installing them needs no network. Returns the error text,
 * or undefined. A download that exceeds `timeoutMs` is stopped and leaves nothing half installed.
 */
export function downloadPackages(names: string[], timeoutMs: number): string | undefined {
  const until = performance.now() + timeoutMs;
  const within = (...words: string[]) =>
    aptWithin(Math.max(1, Math.round(until - performance.now())), ...words);
  const download = () => within('install', '-y', '--download-only', '--no-install-recommends', ...names);
  if (download().ok) return undefined;
  within('update');
  const again = download();
  return again.ok ? undefined : lastLines(again);
}

/** Installs a Debian package without starting its services. Returns the error text, or undefined. */
export function installPackage(name: string): string | undefined {
  const install = () => apt('install', '-y', '--no-install-recommends', name);
  const denyServices = !existsSync(POLICY);
  if (denyServices) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    if (install().ok) return undefined;
    apt('update');
    const again = install();
    return again.ok ? undefined : lastLines(again);
  } finally {
    if (denyServices) rmSync(POLICY, { force: true });
  }
}
