import { describe, expect } from 'vitest';

import { hasBrowser, MODEL_PATH, runPrompt, test, wordsOf } from './browser-test.ts';

describe.skipIf(!hasBrowser)('stopping a run', () => {
  test('one button stops it while it writes, and nothing is charged', async ({ page }) => {
    await page.goto(MODEL_PATH);
    const id = await runPrompt(page, wordsOf(900));
    const answer = page.getByRole('region', { name: 'Answer' });
    await answer.getByText('word1 word2').waitFor();

    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Nothing was charged.').waitFor();
    expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0);
    expect(await answer.innerText()).not.toContain('word900');

    await page.goto(`/tasks/${id}`);
    await page.locator('h1').getByText('Stopped').waitFor();
    expect(await page.locator('.held').innerText()).toContain('$0.0000');
  });
});
