import { describe, expect, it } from 'vitest';
import { machineRequest } from '@/server/machine/fly/config';
import { checkRequestShape } from './check-request-shape';
import description from './schema/machines-api.json';
import { trimDescription } from './schema/trim.mjs';

const ORDER = {
  app: 'hg-dev-a',
  installationId: 'here',
  runId: 'r',
  sessionId: 's',
  region: 'iad',
  size: 'standard' as const,
  env: { A: 'b' },
  volumeId: 'vol_1',
  ranBefore: true,
  storageGb: 1,
  graceSeconds: 10,
};

describe('shapes of requests to the Machines API', () => {
  it('MACHINE-63 the machine requested by the product has no field, type or value that the provider does not describe', () => {
    const request = machineRequest(ORDER, 'registry.fly.io/session:1', 'dev', 'vol_1');
    expect(checkRequestShape('POST', '/v1/apps/a/machines', request)).toEqual([]);
    const misspelt = { ...request, config: { ...request.config, autodestroy: true } };
    expect(checkRequestShape('POST', '/v1/apps/a/machines', misspelt)).toEqual([
      'json: unknown field "body.config.autodestroy"',
    ]);
  });

  it('trimming the description again changes nothing', () => {
    expect(trimDescription(description)).toEqual(description);
  });

  it('accepts what the API describes', () => {
    expect(
      checkRequestShape('POST', '/v1/apps/a/machines/1/stop', { signal: 'SIGTERM', timeout: '10s' }),
    ).toEqual([]);
    expect(
      checkRequestShape('POST', '/v1/apps', { app_name: 'a', name: 'a', org_slug: 'o', network: 'n' }),
    ).toEqual([]);
    expect(checkRequestShape('GET', '/v1/orgs/o/machines?limit=5')).toEqual([]);
  });

  it('names unknown fields, wrong types, values outside an enum and unknown calls', () => {
    const body = {
      nmae: 'x',
      config: { env: { A: 1 }, restart: { policy: 'never' }, mounts: [{ where: '/' }] },
    };
    expect(checkRequestShape('POST', '/v1/apps/a/machines', body)).toEqual([
      'json: unknown field "body.nmae"',
      'json: cannot unmarshal number into body.config.env.A of type string',
      'body.config.restart.policy must be one of no, always, on-failure, spot-price, not never',
      'json: unknown field "body.config.mounts[0].where"',
    ]);
    expect(checkRequestShape('POST', '/v1/apps/a/machines/1/stop', [])).toEqual([
      'json: cannot unmarshal array into body of type object',
    ]);
    expect(checkRequestShape('POST', '/v1/apps/a/machine', {})).toHaveLength(1);
  });
});
