import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkRequestShape, specPath } from './check-request-shape';

const missing = existsSync(specPath) ? '' : ' (skipped: no OpenAPI description beside the repository)';

describe.skipIf(missing)(`shapes of requests to the Machines API${missing}`, () => {
  it('accepts what the API describes', () => {
    const config = {
      image: 'registry.fly.io/session:1',
      env: { A: 'b' },
      metadata: { hourglass_run: 'r1' },
      guest: { cpu_kind: 'shared', cpus: 2, memory_mb: 4096 },
      mounts: [{ volume: 'vol_1', path: '/workspace' }],
      services: [
        {
          protocol: 'tcp',
          internal_port: 8080,
          autostart: false,
          autostop: 'off',
          ports: [{ port: 443, handlers: ['http'] }],
        },
      ],
      restart: { policy: 'no' },
      stop_config: { signal: 'SIGTERM', timeout: '10s' },
      auto_destroy: true,
    };
    expect(
      checkRequestShape('POST', '/v1/apps/a/machines', { name: 'run-1', region: 'iad', config }),
    ).toEqual([]);
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
      'body.nmae is not a known field.',
      'body.config.env.A must be string, not number.',
      'body.config.restart.policy must be one of no, always, on-failure, spot-price, not never.',
      'body.config.mounts[0].where is not a known field.',
    ]);
    expect(checkRequestShape('POST', '/v1/apps/a/machines/1/stop', [])).toEqual([
      'body must be object, not array.',
    ]);
    expect(checkRequestShape('POST', '/v1/apps/a/machine', {})).toHaveLength(1);
  });
});
