import { become, installDependencies } from './up.mjs';

installDependencies();
become('scripts/test.ts', process.argv.slice(2));
