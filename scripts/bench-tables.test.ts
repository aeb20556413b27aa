import { expect, it } from 'vitest';
import { complaintsAbout } from './bench-tables';

const TABLE = '\nStarts\nwhat   per second\nours   10.00\nbare   20.00\nratio  0.50\n';

it('a benchmark must print figures beside their comparison', () => {
  expect(complaintsAbout(TABLE)).toEqual([]);
  expect(complaintsAbout('')).toHaveLength(1);
  expect(complaintsAbout('\nStarts\nwhat  per second\nours  10.00\n')).toHaveLength(1);
  expect(complaintsAbout(TABLE.replace('0.50', 'NaN'))).toHaveLength(1);
});
