import { pathToFileURL } from 'node:url';
import { seedPlans } from '@/db/seed';
import { openOperatorContext } from '@/server/operator/context';
import { type DemoSignIn, seedDemo } from '@/server/operator/seed-demo';

/** Plans and demo accounts; what is there already stays as it is. */
export async function seedDemoAccounts(databaseUrl: string, authSecret: string): Promise<DemoSignIn[]> {
  const { ctx, close } = openOperatorContext({ DATABASE_URL: databaseUrl, AUTH_SECRET: authSecret });
  try {
    await seedPlans(ctx.sql);
    return await seedDemo(ctx);
  } finally {
    await close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { DATABASE_URL, AUTH_SECRET } = process.env;
  if (!DATABASE_URL) {
    process.stderr.write('Set DATABASE_URL to the database to seed.\n');
    process.exit(1);
  }
  for (const person of await seedDemoAccounts(
    DATABASE_URL,
    AUTH_SECRET ?? 'unused-by-this-command-unused-by-it',
  )) {
    process.stdout.write(`${person.email}  ${person.password}  ${person.what}\n`);
  }
}
