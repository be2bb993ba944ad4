import { readFile } from 'node:fs/promises';

import type { ExportAnswer } from '@runfleet/protocol';
import { describe, expect } from 'vitest';

import { hasBrowser, test } from './browser-test.ts';

describe.skipIf(!hasBrowser)('exports', () => {
  test('a person orders an export, sees its progress, and downloads its file', async ({
    page,
    startTask,
  }) => {
    const { client, taskId, token } = await startTask('A task for the export.');
    await client.waitFor(token);

    await page.goto('/exports');
    const [created] = await Promise.all([
      page.waitForResponse((answer) => answer.url().endsWith('/Export/Create')),
      page.getByRole('button', { name: 'Export', exact: true }).click(),
    ]);
    const { id } = ((await created.json()) as ExportAnswer).export;
    const link = page.locator(`a[href$="${id}"]`);
    await link.waitFor();
    const row = page.locator('.exports-table tbody tr').filter({ has: link });
    expect(await row.innerText()).toMatch(/Tasks[^]*Finished \d+ rows?/);
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toMatch(/^tasks-.*\.csv$/);
    const text = await readFile(await download.path(), 'utf8');
    expect(text).toContain(`${taskId},`);
    expect(text).not.toContain('A task for the export.');
  });

  test('an operator sees the scheduled jobs and the job queues', async ({ page }) => {
    await page.goto('/fleet');
    const upkeep = page.locator('.upkeep-table');
    await upkeep.getByText('model-statistics').waitFor();
    expect(await page.locator('.job-queues-table').innerText()).toMatch(/callbacks[^]*exports/);
    const row = upkeep.locator('tr').filter({ hasText: 'idempotency-keys' });
    await row.getByText('Succeeded').waitFor();
  });
});
