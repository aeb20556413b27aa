import { makeDemoAccounts } from '@/operator/demo-accounts';

/** `npm run db:seed`: creates the demo accounts in the database of DATABASE_URL. */
try {
  for (const { email, password, what } of await makeDemoAccounts(process.env))
    process.stdout.write(`${email}  ${password}  ${what}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
