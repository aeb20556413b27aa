import { become, installDependencies } from './up.mjs';

installDependencies();
become('scripts/chaos.ts', process.argv.slice(2));
