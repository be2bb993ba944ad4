import { describe, expect } from 'vitest';

import { hasBrowser, MODEL_PATH, runPrompt, test } from './browser-test.ts';

const aFile = (name: string, text: string) => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from(text),
});

describe.skipIf(!hasBrowser)('files of a run', () => {
  test('are chosen, dropped and removed, and the model reads them before the prompt', async ({
    page,
  }) => {
    await page.goto(MODEL_PATH);
    const field = page.locator('[data-parameter="inputFile"]');
    const chooser = page.waitForEvent('filechooser');
    await field.getByRole('button', { name: 'Choose files' }).click();
    const files = [aFile('tides.md', 'High at six.'), aFile('other.txt', 'x'.repeat(1_500))];
    await (await chooser).setFiles(files);
    // A text, because the types of Node have no DataTransfer.
    const dropped = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['Low at noon.'], 'dropped.csv'));
      return transfer;
    })()`);
    await field.getByRole('group').dispatchEvent('drop', { dataTransfer: dropped });
    const listed = field.locator('.chosen-files li');
    expect(await listed.allInnerTexts()).toEqual([
      expect.stringContaining('12 B'),
      expect.stringMatching(/other\.txt\s+1\.5 KB/),
      expect.stringContaining('dropped.csv'),
    ]);
    await field.getByRole('button', { name: 'Remove other.txt' }).click();
    expect(await listed.count()).toBe(2);

    await runPrompt(page, 'Summarise this document.');
    await page.locator('.states').getByText('Done. The answer is complete.').waitFor();
    const answer = await page.getByRole('region', { name: 'Answer' }).innerText();
    expect(answer).toMatch(/tides\.md\s+High at six\.\s+dropped\.csv\s+Low at noon\./);
    expect(answer).toContain('Summarise this document.');
    expect(answer).not.toContain('xxx');
  });

  test('are named at their field when they cannot be read', async ({ page }) => {
    await page.goto(MODEL_PATH);
    const field = page.locator('[data-parameter="inputFile"]');
    await field.locator('input[type=file]').setInputFiles(aFile('broken.pdf', '%PDF-1.7'));
    await page.getByLabel('Prompt').first().fill('Summarise this document.');
    await page.getByRole('button', { name: 'Run', exact: false }).click();
    await field.getByText('broken.pdf is not a readable PDF').waitFor();
    expect(await page.locator('.states').count()).toBe(0);
  });

  test('stay chosen on the API tab, whose sample sends them', async ({ page }) => {
    await page.goto(MODEL_PATH);
    const field = page.locator('[data-parameter="inputFile"]');
    await field.locator('input[type=file]').setInputFiles(aFile('tides.md', 'High at six.'));
    await page.getByRole('tab', { name: 'API' }).click();
    await page.getByText(`--form 'inputFile=@"./tides.md"'`).waitFor();
    await page.getByRole('tab', { name: 'Run' }).click();
    await field.getByText('tides.md').waitFor();
  });
});
