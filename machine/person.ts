import { type Config, shellEnv } from './config';
import { prepareHome } from './home';
import { type Identity, isReachable, shellIdentity } from './identity';

const SKELETON = '/etc/skel';

/** The user, folder and environment that shells start with. */
export type Person = {
  cwd: string;
  env: Record<string, string>;
  identity: Identity | null;
  /** A line shown in the first terminal of a run before its shell begins. */
  greeting: string;
  /** Why the home folder is not kept in this run; null when it is. */
  problem: string | null;
};

/** Prepares the volume and the home folder; returns what the shells of this machine's user start with. */
export function preparePerson(
  { workspace }: Pick<Config, 'workspace'>,
  source: Record<string, string | undefined>,
): Person {
  const identity = isReachable(workspace) ? shellIdentity(source.HOURGLASS_USER, process.getuid?.()) : null;
  const fallback = source.HOME ?? '/tmp';
  const home = prepareHome({ workspace, owner: identity, skeleton: SKELETON, fallback });
  const env = shellEnv(source, workspace, home.path);
  if (identity) Object.assign(env, { USER: identity.name, LOGNAME: identity.name });
  return {
    cwd: workspace,
    env,
    identity,
    greeting: greetingOf(workspace, home.isKept),
    problem: home.problem,
  };
}

/** Returns a sentence on what is kept and what is not, in the words of the pages. */
function greetingOf(workspace: string, isHomeKept: boolean): string {
  const folder = workspace === '/workspace' ? workspace : 'This folder';
  return isHomeKept
    ? `${folder} and your home folder are kept when the session stops; packages installed into the system are not.`
    : `The disk takes no home folder, it may be full: only ${folder === workspace ? folder : 'this folder'} is kept when the session stops.`;
}
