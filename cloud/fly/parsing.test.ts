import { describe, expect, it } from 'vitest';
import { parseFields } from '../proxy/read-replay';
import { parseGoDuration } from './duration';
import { newUlid } from './ids';
import { anchorCommand } from './machine-process';
import { RateLimit } from './rate-limit';

describe('small parts of the local cloud', () => {
  it('parses Go durations from strings and from nanoseconds', () => {
    expect(['10s', '1m30s', '1.5s', '250ms', '0', 2e9].map(parseGoDuration)).toEqual([
      10000, 90000, 1500, 250, 0, 2000,
    ]);
    expect(['10', 's', '1x', '', null, {}].map(parseGoDuration)).toEqual([
      null,
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  it('orders ids by time and, within a millisecond, by call', () => {
    const ids = [newUlid(1000), newUlid(1000), newUlid(2000), newUlid(2000)];
    expect([...ids].sort()).toEqual(ids);
  });

  it('splits replay headers at semicolons outside quotes', () => {
    expect([...parseFields('app=a;instance=b; region="x,y";state="k;l"')]).toEqual([
      ['app', 'a'],
      ['instance', 'b'],
      ['region', 'x,y'],
      ['state', 'k;l'],
    ]);
    expect(parseFields('app=a;state=v1.2.ab==').get('state')).toBe('v1.2.ab==');
  });

  it('anchors relative paths of a command that exist, and nothing else', () => {
    const base = import.meta.dirname;
    expect(anchorCommand('node ../fly/ids.ts --x a/b', base)).toBe(`node '${base}/ids.ts' --x a/b`);
    expect(anchorCommand('/bin/sleep 5', base)).toBe('/bin/sleep 5');
  });

  it('refills a bucket by the second', () => {
    const limit = new RateLimit();
    const take = (now: number) => limit.take('machine.stop', 'm', now);
    expect([take(0), take(0), take(0), take(0), take(1000), take(1000)]).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
    ]);
  });
});
