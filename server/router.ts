import { accountRouter, adminRouter, apiKeyRouter, signInRouter, supportRouter } from './account/router';
import { billingRouter } from './billing/router';
import { quotaRouter, usageRouter } from './quota/usage-router';
import { runsRouter } from './run/router';
import { secretRouter } from './secret/router';

import { portRouter } from './session/ports/router';
import { sessionRouter } from './session/router';
import { createCallerFactory, mergeRouters, router } from './trpc';

export const appRouter = router({
  session: sessionRouter,
  secret: secretRouter,

  port: portRouter,
  quota: quotaRouter,
  // Runs use time, so the procedures of both routers share the name `usage`.
  usage: mergeRouters(usageRouter, runsRouter),
  billing: billingRouter,
  account: accountRouter,
  apiKey: apiKeyRouter,
  signIn: signInRouter,
  support: supportRouter,
  admin: adminRouter,
});

export type AppRouter = typeof appRouter;

/** Calls procedures in-process, for tests. */
export const createCaller = createCallerFactory(appRouter);
