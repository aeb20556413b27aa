import { expect, it } from 'vitest';
import { parseEnv } from './env';
import { portOriginOf, portPlaceOf } from './ports-url';

const GOOD = {
  DATABASE_URL: 'postgres://u@h/d',
  REDIS_URL: 'redis://h',
  AUTH_SECRET: 'a'.repeat(32),
  ENVIRONMENT_ID: 'prod',
};

it('MACHINE-181 ports are never shown below the domain of the app', () => {
  const start = (APP_URL: string, PORTS_URL: string) => () => parseEnv({ ...GOOD, APP_URL, PORTS_URL });
  for (const [app, ports] of [
    ['https://hourglass.example', 'https://*.hourglass.example'],
    ['https://app.hourglass.example', 'https://*.ports.hourglass.example'],
    ['https://app.hourglass.example', 'https://*.hourglass.example:8443'],
  ] as const)
    expect(start(app, ports), ports).toThrow(/PORTS_URL: must be below another domain than APP_URL/);
  expect(start('https://hourglass.example', 'https://*.hourglass-ports.example')).not.toThrow();
  expect(start('http://localhost:3000', 'http://*.localhost:3002')).not.toThrow();
  for (const ports of [
    'https://ports.example',
    'https://*ports.example',
    'ftp://*.a.example',
    'https://*.a.example/x',
  ])
    expect(start('https://hourglass.example', ports), ports).toThrow(/PORTS_URL: must be a wildcard URL/);
});

it('MACHINE-177 an address names one port of one session', () => {
  const at = (host: string) => portPlaceOf('https://*.ports.example', host);
  expect(portOriginOf('https://*.ports.example', 's-1', 80)).toBe('https://80--s-1.ports.example');
  expect(at('80--s-1.ports.example')).toEqual({ port: 80, sessionId: 's-1' });
  expect(at('80--S-1.PORTS.example:443')).toEqual({ port: 80, sessionId: 's-1' });
  for (const host of [
    'ports.example',
    'x.80--s.ports.example',
    '80--s.ports.example.evil.test',
    '0--s.ports.example',
    '65536--s.ports.example',
    '80-s.ports.example',
    '80--s.xports.example',
  ])
    expect(at(host), host).toBeNull();
});
