import { become, installDependencies } from './up.mjs';

installDependencies();
become('scripts/e2e.ts', process.argv.slice(2));
