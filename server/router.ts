import { accountRouter, adminRouter, apiKeyRouter } from './account/router';
import { billingRouter } from './billing/router';
import { sessionRouter } from './session/router';
import { quotaRouter, usageRouter } from './session/usage-router';
import { createCallerFactory, router } from './trpc';

export const appRouter = router({
  session: sessionRouter,
  quota: quotaRouter,
  usage: usageRouter,
  billing: billingRouter,
  account: accountRouter,
  apiKey: apiKeyRouter,
  admin: adminRouter,
});

export type AppRouter = typeof appRouter;

/** Calls procedures in-process: for pages rendered on the server and for tests. */
export const createCaller = createCallerFactory(appRouter);
