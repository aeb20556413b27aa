import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '@/operator/commands';
import { BUILD_INPUTS } from '@/scripts/build-inputs';
import { findOnPath } from '@/scripts/services/processes';
import { ROOT } from '@/scripts/stack-part';
import { parseEnv, settingsShape } from '@/server/env';
import { operatorLines } from './images/contents';
import {
  cloudSettings,
  commandsOf,
  flyFiles,
  guideCommands,
  interpolate,
  namesIn,
  readEnvFile,
  readRoot,
  type Variables,
} from './images/deploy-files';
import { stagesOf } from './images/dockerfile';
import { readToml, type Toml } from './images/read-toml';
import { readYaml, type Yaml } from './images/read-yaml';

/** The values an operator fills in. */
const FILLED: Variables = {
  POSTGRES_PASSWORD: 'password',
  DATABASE_URL: 'postgres://owner:password@db/hourglass',
  REDIS_URL: 'redis://redis:6379',
  AUTH_SECRET: 'a'.repeat(64),
  FLY_API_TOKEN: 'token',
  FLY_ORG: 'hourglass',
  STRIPE_SECRET_KEY: 'sk_live_key',
  STRIPE_WEBHOOK_SECRET: 'whsec_secret',
  SMTP_URL: 'smtp://user:password@mail:587',
};
/** Settings that production needs, though some have a default for development. */
const NEEDED = [
  ...[
    'DATABASE_URL',
    'REDIS_URL',
    'AUTH_SECRET',
    'APP_URL',
    'GATEWAY_URL',
    'PORTS_URL',
    'TRUSTED_PROXIES',
    'ENVIRONMENT_ID',
  ],
  ...[
    'FLY_API_TOKEN',
    'FLY_ORG',
    'FLY_REGIONS',
    'SESSION_IMAGE',
    'STRIPE_SECRET_KEY',
    'STRIPE_WEBHOOK_SECRET',
  ],
  ...['SMTP_URL', 'MAIL_FROM'],
];
const COMPOSE = 'deploy/compose.yaml';
const composeText = readRoot(COMPOSE);
const settings = Object.keys(settingsShape);
const exists = (path: string) => existsSync(join(ROOT, path));
const words = (text: string) => text.split(/\s+/);

type Service = {
  image?: string;
  build?: { context: string; dockerfile: string; target: string };
  command?: string[];
  profiles?: string[];
  environment?: Variables;
  volumes?: string[];
  depends_on?: string[] | Record<string, Yaml>;
};
type Compose = { services: Record<string, Service>; volumes: Record<string, Yaml> };

const composeWith = (variables: Variables) =>
  readYaml(interpolate(composeText, variables)) as unknown as Compose;
const production = composeWith(readEnvFile('deploy/example.env', FILLED));
const demonstration = composeWith(readEnvFile('deploy/local-cloud.env'));
const isOurs = ({ build }: Service) => build !== undefined;

describe('the compose file', () => {
  const ofProduct = (compose: Compose) =>
    Object.entries(compose.services).filter(([, { build }]) => build?.target === 'product');

  it('MACHINE-72 gives every process only settings it knows, and all that production needs', () => {
    for (const [name, { environment = {} }] of ofProduct(production)) {
      expect(Object.keys(environment).filter((variable) => !settings.includes(variable))).toEqual([]);
      expect(NEEDED.filter((variable) => !environment[variable])).toEqual([]);
      expect(parseEnv(environment), name).toMatchObject({ ENVIRONMENT_ID: 'prod', TRUSTED_PROXIES: 1 });
    }
    for (const [, { environment = {} }] of ofProduct(demonstration)) parseEnv(environment);
    const known = cloudSettings();
    for (const name of Object.keys(production.services.cloud?.environment ?? {}))
      expect(known).toContain(name);
  });

  it('MACHINE-72 runs what its images run, from files that exist', () => {
    const services = Object.entries(production.services);
    expect(services.map(([name]) => name)).toEqual(
      expect.arrayContaining(['postgres', 'redis', 'migrate', 'web', 'worker', 'gateway', 'proxy', 'cloud']),
    );
    for (const [name, { build, command, volumes = [], depends_on = {} }] of services) {
      const needs = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
      expect(
        needs.filter((need) => !(need in production.services)),
        name,
      ).toEqual([]);
      for (const volume of volumes) {
        const [from = ''] = volume.split(':');
        if (from.startsWith('.')) expect(exists(join('deploy', from)), volume).toBe(true);
        else expect(Object.keys(production.volumes)).toContain(from);
      }
      if (!build) continue;
      expect(exists(join('deploy', build.context, build.dockerfile))).toBe(true);
      expect(stagesOf(build.dockerfile)).toContain(build.target);
      expect(commandsOf(build.target)).toContain(command?.[0] ?? name);
    }
    expect(services.filter(([, service]) => isOurs(service)).length).toBe(5);
    expect(production.services.cloud?.profiles).toEqual(['cloud']);
  });

  it('MACHINE-72 is filled by both files of variables, which name nothing else', () => {
    const used = namesIn(composeText);
    for (const path of ['deploy/example.env', 'deploy/local-cloud.env'])
      expect(
        Object.keys(readEnvFile(path)).filter((name) => !used.has(name)),
        path,
      ).toEqual([]);
    expect(() => composeWith({ ...readEnvFile('deploy/example.env', FILLED), AUTH_SECRET: '' })).toThrow(
      /AUTH_SECRET: at least 32 random bytes/,
    );
    const blank = readEnvFile('deploy/example.env');
    for (const name of ['POSTGRES_PASSWORD', 'AUTH_SECRET', 'FLY_API_TOKEN', 'STRIPE_SECRET_KEY', 'SMTP_URL'])
      expect([name, blank[name]]).toEqual([name, '']);
  });
});

describe('the Fly apps', () => {
  const apps = flyFiles().map((path) => [path, readToml(readRoot(path))] as const);
  const secrets = guideCommands().filter((line) => line.includes('fly secrets set'));
  const staged = new Set(secrets.flatMap((line) => line.match(/\b[A-Z][A-Z_]+(?==)/g) ?? []));

  it.each(apps)('MACHINE-72 run what the image runs, with settings it knows: %s', (path, app) => {
    const { build, env, processes, deploy } = app as Record<string, Toml>;
    const [[name = '', command] = []] = Object.entries(processes ?? {});
    expect(app.app).toBe(`hourglass-${name}`);
    expect(exists(join(dirname(path), String(build?.dockerfile)))).toBe(true);
    expect(stagesOf('deploy/Dockerfile')).toContain(build?.['build-target']);
    expect(commandsOf('product')).toContain(command);
    if (deploy) expect(commandsOf('product')).toContain(deploy.release_command);
    expect(Object.keys(env ?? {}).filter((variable) => !settings.includes(variable))).toEqual([]);
    const given = Object.fromEntries([...staged].map((variable) => [variable, FILLED[variable] ?? 'a']));
    const urls = {
      APP_URL: 'https://a.example',
      GATEWAY_URL: 'https://g.example',
      PORTS_URL: 'https://*.p.example',
      FLY_REGIONS: 'iad',
    };
    const all = { ...given, ...urls, ...(env as Variables) };
    parseEnv(all);
    const needed = NEEDED.filter((variable) => name !== 'worker' || variable !== 'TRUSTED_PROXIES');
    expect(needed.filter((variable) => !(variable in all))).toEqual([]);
  });

  it.each(apps)('MACHINE-72 are health-checked on the port they listen on: %s', (_, app) => {
    const { env, processes, metrics, http_service: http, checks } = app as Record<string, Toml>;
    const [name] = Object.keys(processes ?? {});
    const port = Number(Object.entries(env ?? {}).find(([variable]) => /PORT$/.test(variable))?.[1]);
    expect(metrics?.port).toBe(port);
    const looks = [...((http?.checks as Toml[] | undefined) ?? []), ...Object.values(checks ?? {})] as Toml[];
    expect(looks.map(({ path }) => path)).toEqual(['/healthz']);
    for (const place of [http, checks?.alive as Toml | undefined]) {
      if (!place) continue;
      expect(place.processes).toEqual([name]);
      expect(place.internal_port ?? place.port).toBe(port);
    }
  });
});

describe('the guide to the first installation', () => {
  const commands = guideCommands();

  it('MACHINE-72 names settings, files, profiles and commands that exist', () => {
    for (const line of commands.filter((command) => command.includes('secrets set')))
      for (const name of line.match(/\b[A-Z][A-Z_]+(?==)/g) ?? []) expect(settings).toContain(name);
    const paths = commands.flatMap((line) => line.match(/\b(?:deploy|machine)\/[\w./-]+/g) ?? []);
    expect(paths.length).toBeGreaterThan(8);
    expect(paths.filter((path) => path !== 'deploy/.env' && !exists(path))).toEqual([]);
    const lines = operatorLines();
    expect(lines.length).toBeGreaterThanOrEqual(4);
    for (const line of lines) {
      const [, , , ...rest] = line;
      const flags = rest
        .filter((word) => word.startsWith('--') && word !== '--json')
        .map((word) => word.slice(2));
      const command = COMMANDS[rest.slice(0, 2).join(' ')];
      expect(
        flags.filter((flag) => !(flag in (command?.flags ?? {}))),
        line.join(' '),
      ).toEqual([]);
      expect(command, line.join(' ')).toBeDefined();
    }
  });

  it.skipIf(!findOnPath('openssl'))(
    'MACHINE-72 makes a secret that is accepted (where openssl is installed)',
    () => {
      const line = commands.find((command) => command.startsWith('AUTH_SECRET=$('));
      const [program = '', ...rest] = words(/\$\((.*)\)/.exec(line ?? '')?.[1] ?? '');
      const made = execFileSync(program, rest, { encoding: 'utf8' }).trim();
      expect(() => parseEnv({ ...FILLED, AUTH_SECRET: made, ENVIRONMENT_ID: 'prod' })).not.toThrow();
    },
  );
});

describe('the context of the builds', () => {
  it('MACHINE-72 has all that they read, and nothing secret of a checkout', () => {
    const ignored = readRoot('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    // A removed file that is still named goes unnoticed, and a changed one in its place would leave an old build.
    expect(BUILD_INPUTS.filter((path) => path !== 'public' && !exists(path))).toEqual([]);
    const read = [...BUILD_INPUTS, 'machine', 'client', 'package.json', '.npmrc', 'scripts/start.mjs'];
    expect(
      read.filter((path) => ignored.some((line) => path === line || path.startsWith(`${line}/`))),
    ).toEqual([]);
    expect(ignored).toEqual(
      expect.arrayContaining(['.git', '.hourglass', 'node_modules', '**/.env', '**/.env.*']),
    );
  });
});
