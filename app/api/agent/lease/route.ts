import { openDoor } from '@/app/_server/doors';
import { agentCallShape, answerAgent } from '@/server/run/answer-agent';
import { answerMachine } from '../answer-machine';

export const dynamic = 'force-dynamic';

/** Answers a machine's request for its lease. */
export const POST = (request: Request): Promise<Response> =>
  answerMachine(request, agentCallShape, answerAgent);

openDoor(/^\/api\/agent\/lease$/, { POST });
