import { describe, expect } from 'vitest';

import { hasBrowser, MODEL_PATH, test } from './browser-test.ts';

describe.skipIf(!hasBrowser)('signing in', () => {
  test('a wrong password is explained; the right one leads back to the former page', async ({
    visitor,
    stage,
  }) => {
    await visitor.goto(MODEL_PATH);
    await visitor.getByLabel('Prompt', { exact: false }).first().fill('Kept while I sign in.');
    await visitor.getByRole('link', { name: 'Sign in to run' }).click();

    await visitor.getByLabel('E-mail').fill(stage.dev.adminEmail);
    await visitor.getByLabel('Password').fill('not-the-password');
    await visitor.getByRole('button', { name: 'Sign in' }).click();
    await visitor.getByText('The e-mail or the password is wrong.').waitFor();

    await visitor.getByLabel('Password').fill(stage.dev.adminPassword);
    await visitor.getByRole('button', { name: 'Sign in' }).click();
    await visitor.waitForURL((url) => url.pathname === MODEL_PATH);
    expect(await visitor.getByLabel('Prompt', { exact: false }).first().inputValue()).toBe(
      'Kept while I sign in.',
    );
    expect(await visitor.locator('.account-line').innerText()).toMatch(/Balance\s+\$\d/);

    await visitor.getByLabel(`Signed in as ${stage.dev.adminEmail}`).click();
    await visitor.getByRole('button', { name: 'Sign out' }).click();
    await visitor.getByRole('banner').getByRole('link', { name: 'Sign in' }).waitFor();
  });

  test('a link cannot lead to another site after signing in', async ({ page, stage }) => {
    await page.goto('/sign-in?next=//evil.example/');
    await page.waitForURL((url) => url.pathname === '/');
    expect(new URL(page.url()).host).toBe(new URL(stage.dev.dashboardUrl).host);
  });
});
