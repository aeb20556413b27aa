import { expect, it } from 'vitest';
import { settingsPage } from './settings';

it('the page of settings matches the code', async () => {
  await expect(settingsPage()).toMatchFileSnapshot('../docs/settings.md');
});
