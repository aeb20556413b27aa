import { migrateDatabase } from '@/db/migrate';

const url = process.env.DATABASE_URL;
if (!url) {
  process.stderr.write('Set DATABASE_URL to the database to migrate.\n');
  process.exit(1);
}
await migrateDatabase(url);
process.stdout.write('The database is up to date.\n');
