import { randomUUID } from 'node:crypto';
import { refusalOf } from '@/client';
import { sleep } from '@/scripts/services/processes';
import type { PartName } from '@/scripts/stack-part';
import { runTokenOf } from '@/server/run/tokens';
import { insist } from '../insist';
import type { Edge, EdgeScene } from './edges';

type Known = { id: string; agent_boot_id: string };

/** Rotates the secret of web, timekeeper and gateway, one process after the other; older secrets stay valid. */
export const secretRotated: Edge = {
  name: 'secret rotated',
  how: 'disturbs',
  strike: async (scene) => {
    const { setting, crowd, edges } = scene;
    const known = await insist(() => readKnown(scene), 30_000);
    const { oldest } = setting.rotateSecret(`chaos-${randomUUID()}`);
    for (const name of setting.stack.names.filter((part) => part !== 'cloud')) await renew(scene, name);
    for (const run of known.slice(0, 5)) {
      const status = await askAgain(scene, run, oldest);
      edges.saw('rotationRefusals', status === 401 ? 1 : 0, `the machine of run ${run.id}`);
    }
    for (const person of crowd.people.filter(({ gone }) => !gone).slice(-2)) {
      const refused = await insist(async () => {
        const failure = await person.apis[0]?.quota.get.query().then(
          () => null,
          (error: unknown) => error,
        );
        if (failure && refusalOf(failure) === null) throw failure;
        return failure ? refusalOf(failure)?.reason : null;
      }, 30_000);
      const isWrong = !person.gone && (refused === 'UNAUTHORIZED' || refused === 'FORBIDDEN');
      edges.saw('rotationRefusals', isWrong ? 1 : 0, `the key of account ${person.accountId}`);
    }
  },
};

const readKnown = async ({ setting }: EdgeScene): Promise<Known[]> => [
  ...(await setting.sql<Known[]>`
    select id, agent_boot_id from run where ended_at is null and status = 'running' and agent_boot_id is not null`),
];

/** A process that another fault is restarting may have started with the old secrets, so it is restarted once more. */
async function renew({ setting }: EdgeScene, name: PartName): Promise<void> {
  while (setting.down.has(name)) await sleep(100);
  await setting.restart(name, 'SIGTERM', 0);
}

/**
 * Sends a call that changes nothing, because it is older than those accepted. Returns its status; 200 when the run has
 * ended.
 */
function askAgain({ setting }: EdgeScene, { id, agent_boot_id }: Known, secret: string): Promise<number> {
  return insist(async () => {
    const response = await fetch(`${setting.frontUrl}/api/agent/lease`, {
      method: 'POST',
      headers: { authorization: `Bearer ${runTokenOf(secret, id)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ bootId: agent_boot_id, seq: 0, event: 'renew' }),
      signal: AbortSignal.timeout(10_000),
    });
    if (response.status !== 200 && response.status !== 401) throw new Error(`answered ${response.status}`);
    if (response.status === 200) return 200;
    const [run] = await setting.sql`select 1 from run where id = ${id} and ended_at is null`;
    return run ? 401 : 200;
  }, 30_000);
}
