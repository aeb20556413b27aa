import { become, installDependencies } from './up.mjs';

installDependencies();
become('scripts/bench.ts', process.argv.slice(2));
