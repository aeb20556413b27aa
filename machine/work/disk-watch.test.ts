import { expect, it } from 'vitest';
import { DiskWatch } from './disk-watch';

it('MACHINE-151 says once that the disk is nearly full, and again only after there was room', () => {
  const said: string[] = [];
  const watch = new DiskWatch((text) => said.push(text));
  for (const diskMb of [100, 899, 900, 930, 899, 870, 905]) watch.look({ diskMb, diskTotalMb: 1_000 });
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^The disk is 90 % full: 0\.1 of 1\.0 GB are free\./);
  watch.look({ diskMb: 849, diskTotalMb: 1_000 });
  watch.look({ diskMb: 996, diskTotalMb: 1_000 });
  expect(said).toHaveLength(2);
  expect(said[1]).toContain('99 % full');
});

it('MACHINE-151 says nothing of a disk that cannot be measured', () => {
  const said: string[] = [];
  const watch = new DiskWatch((text) => said.push(text));
  for (const figures of [{}, { diskMb: 5 }, { diskMb: 0, diskTotalMb: 0 }]) watch.look(figures);
  expect(said).toEqual([]);
});
