import { migrateDatabase, migrationSentence } from '@/db/migrate';

const url = process.env.DATABASE_URL;
if (!url) {
  process.stderr.write('Set DATABASE_URL to the database to migrate.\n');
  process.exit(1);
}
try {
  await migrateDatabase(url);
} catch (error) {
  process.stderr.write(`${migrationSentence(error)}\n`);
  process.exit(1);
}
process.stdout.write('The database is up to date.\n');
