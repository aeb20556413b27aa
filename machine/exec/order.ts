import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { invalid } from '../doors/refusal';

/** A command to run, its folder and environment, and its time limit. */
export type Order = {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  timeoutMs: number;
};

const MOST_SECONDS = 300;
const USUAL_SECONDS = 60;

const isText = (value: unknown): value is string => typeof value === 'string' && !value.includes('\0');

/**
 * Returns the order in a request. Text runs in a shell, a list runs as given; `cwd` is relative to the workspace. Throws
 * INVALID_INPUT.
 */
export function orderOf(
  said: Record<string, unknown>,
  person: { cwd: string; env: Record<string, string> },
): Order {
  const { command, cwd = '.', env = {}, timeoutSeconds = USUAL_SECONDS } = said;
  const [file, ...args] = isText(command) && command !== '' ? ['bash', '-c', command] : listOf(command);
  if (!file) throw invalid('command is no text and no list of texts.');
  if (!isText(cwd)) throw invalid('cwd is no path.');
  const folder = resolve(person.cwd, cwd);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw invalid(`There is no folder ${cwd}.`);
  if (typeof timeoutSeconds !== 'number' || !(timeoutSeconds > 0 && timeoutSeconds <= MOST_SECONDS))
    throw invalid(`timeoutSeconds is above 0 and at most ${MOST_SECONDS}.`);
  return {
    file,
    args,
    cwd: folder,
    env: { ...person.env, ...envOf(env) },
    timeoutMs: timeoutSeconds * 1_000,
  };
}

function listOf(command: unknown): string[] {
  return Array.isArray(command) && command.every(isText) ? command : [];
}

function envOf(env: unknown): Record<string, string> {
  if (typeof env !== 'object' || env === null || Array.isArray(env)) throw invalid('env is no object.');
  for (const [name, value] of Object.entries(env))
    if (!/^[A-Za-z_]\w*$/.test(name) || !isText(value))
      throw invalid('env holds names of letters, digits and _, and texts.');
  return env as Record<string, string>;
}
