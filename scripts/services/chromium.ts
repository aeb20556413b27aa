import { canInstallPackages, installPackage } from './apt';
import { findOnPath, SetupError } from './processes';

const findBrowser = () => findOnPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');

/**
 * Makes sure there is a Chromium for the browser tests: on PATH, or installed from the system's packages. Throws
 * SetupError saying what to install.
 */
export async function ensureChromium(say: (line: string) => void): Promise<void> {
  if (findBrowser()) return;
  if (canInstallPackages()) {
    say('installing chromium with the system package manager');
    installPackage('chromium');
  }
  if (findBrowser()) return;
  throw new SetupError(
    'Chromium is needed for the browser tests and was not found. Install it (Debian/Ubuntu: sudo apt-get install chromium).',
  );
}
