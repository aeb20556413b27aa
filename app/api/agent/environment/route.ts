import { z } from 'zod';
import { openDoor } from '@/app/_server/doors';
import { readEnvironment } from '@/server/secret/read-environment';
import { answerMachine } from '../answer-machine';

export const dynamic = 'force-dynamic';

/** Returns to a running machine the variables of its session, which the provider never holds. */
export const POST = (request: Request): Promise<Response> =>
  answerMachine(request, z.strictObject({}), readEnvironment);

openDoor(/^\/api\/agent\/environment$/, { POST });
