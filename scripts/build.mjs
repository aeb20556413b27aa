import { become, installDependencies } from './up.mjs';

installDependencies();
become('scripts/build-main.ts', []);
