import { expect, it } from 'vitest';
import { settingsPage } from './settings';

it('the page of settings says what the code says', async () => {
  await expect(settingsPage()).toMatchFileSnapshot('../docs/settings.md');
});
