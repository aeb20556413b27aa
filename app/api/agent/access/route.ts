import { openDoor } from '@/app/_server/doors';
import { accessQuestionShape, askAccess } from '@/server/session/ask-access';
import { answerMachine } from '../answer-machine';

export const dynamic = 'force-dynamic';

/** Returns to a machine which of its terminals' users still have access. */
export const POST = (request: Request): Promise<Response> =>
  answerMachine(request, accessQuestionShape, (ctx, runId, { grants }) => askAccess(ctx, runId, grants));

openDoor(/^\/api\/agent\/access$/, { POST });
