import { readFile, statfs } from 'node:fs/promises';
import { cpus } from 'node:os';

/** What this machine uses, shown to its owner only; billing does not use these figures. */

let before: { busy: number; total: number } | null = null;

async function cpuPercent(): Promise<number | undefined> {
  const times = cpus().map((cpu) => cpu.times);
  const total = times.reduce((sum, t) => sum + t.user + t.nice + t.sys + t.idle + t.irq, 0);
  const busy = total - times.reduce((sum, t) => sum + t.idle, 0);
  const last = before;
  before = { busy, total };
  if (!last || total <= last.total) return undefined;
  return Math.round((1000 * (busy - last.busy)) / (total - last.total)) / 10;
}

async function memory(): Promise<{ memoryMb?: number; memoryTotalMb?: number }> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kb = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0);
  const total = kb('MemTotal');
  if (total === 0) return {};
  return {
    memoryMb: Math.round((total - kb('MemAvailable')) / 1024),
    memoryTotalMb: Math.round(total / 1024),
  };
}

async function disk(folder: string): Promise<{ diskMb?: number; diskTotalMb?: number }> {
  const stats = await statfs(folder).catch(() => null);
  if (!stats) return {};
  const mb = (blocks: number) => Math.round((blocks * stats.bsize) / 1_048_576);
  return { diskMb: mb(stats.blocks - stats.bfree), diskTotalMb: mb(stats.blocks) };
}

/** Returns CPU in percent, memory and disk in MB; figures that cannot be read are left out. */
export async function readMetrics(folder: string): Promise<Record<string, number>> {
  const cpu = await cpuPercent();
  const [ram, space] = await Promise.all([memory(), disk(folder)]);
  return { ...(cpu === undefined ? {} : { cpuPercent: cpu }), ...ram, ...space };
}
