import { become, installDependencies } from './up.mjs';

installDependencies();
become('scripts/test.ts', ['--check']);
