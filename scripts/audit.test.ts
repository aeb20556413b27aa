import { describe, expect, it } from 'vitest';
import { readAudit } from './audit';

const report = (severity: string) =>
  JSON.stringify({ auditReportVersion: 2, vulnerabilities: { left: { severity, range: '<1.2.3' } } });

describe('known weaknesses of packages', () => {
  it.each([
    ['a high one is a finding', report('high'), { answered: true, findings: ['left <1.2.3: high'] }],
    ['a critical one too', report('critical'), { answered: true, findings: ['left <1.2.3: critical'] }],
    ['a moderate one is none', report('moderate'), { answered: true, findings: [] }],
    [
      'a refusal is no answer',
      '{"message":"405 Method Not Allowed"}',
      { answered: false, why: '405 Method Not Allowed' },
    ],
    ['neither is an error', '{"error":{"summary":"offline"}}', { answered: false, why: 'offline' }],
    ['nor silence', '', { answered: false, why: 'no answer' }],
  ])('%s', (_, text, expected) => expect(readAudit(text)).toEqual(expected));
});
