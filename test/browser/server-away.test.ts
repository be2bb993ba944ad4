import { describe, expect } from 'vitest';

import { hasBrowser, MODEL_PATH, test } from './browser-test.ts';

describe.skipIf(!hasBrowser)('when the server is away', () => {
  test('a banner is shown until the server is back, and no input is lost', async ({ page }) => {
    await page.goto(MODEL_PATH);
    const prompt = page.getByLabel('Prompt', { exact: false }).first();
    await prompt.fill('Do not lose me.');
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Run', exact: false }).click();

    const banner = page.getByRole('alert').filter({ hasText: 'Runfleet is not responding.' });
    await banner.waitFor();
    await page.getByText('Your input is kept.').waitFor();
    expect(await prompt.inputValue()).toBe('Do not lose me.');

    await page.context().setOffline(false);
    await banner.getByRole('button', { name: 'Retry now' }).click();
    await banner.waitFor({ state: 'detached' });
  });
});
