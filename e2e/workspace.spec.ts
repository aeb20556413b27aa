import { expect, type Page, test } from '@playwright/test';
import { newPerson, type Person, screenOf, signIn, typeLine, untilStatus } from './product';

/** Stops the session that is shown and starts it again, as a person does. */
async function stopAndStart(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText('Stopped by you.')).toBeVisible();
  await expect(page.getByRole('main')).toContainText(
    'Files in /workspace and your home folder are kept; packages installed into the system are not.',
  );
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page.locator('[data-state=open]')).toBeVisible();
}

async function openRunning(page: Page, person: Person, name: string): Promise<string> {
  const { id } = await person.api.session.create.mutate({ name });
  await person.api.session.start.mutate({ sessionId: id });
  await untilStatus(person, id, 'running');
  await signIn(page, person, `/sessions/${id}`);
  await expect(page.locator('[data-state=open]')).toBeVisible();
  return id;
}

test('MACHINE-47 what is in the home folder is there after a stop, and what was changed stays so', async ({
  page,
}) => {
  const person = await newPerson({ planId: 'pro' });
  await openRunning(page, person, 'homely');
  await expect(screenOf(page)).toContainText('your home folder are kept');
  await expect(screenOf(page)).toContainText('coder@homely');
  await typeLine(page, 'touch ~/x in-workspace; echo "PS1=\'mine> \'" > ~/.bashrc; ls -A ~ | tr "\\n" " "');
  await expect(screenOf(page)).toContainText('.bashrc');
  await stopAndStart(page);
  await expect(screenOf(page)).toContainText('mine>');
  await typeLine(page, 'echo "home has $(ls ~), here is $(ls)"');
  await expect(screenOf(page)).toContainText('home has x, here is in-workspace');
  await page.getByRole('button', { name: 'More for homely' }).click();
  await expect(page.getByRole('menu')).toContainText('packages installed into the system are not');
});
