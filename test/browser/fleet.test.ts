import { describe, expect } from 'vitest';

import { hasBrowser, test, wordsOf } from './browser-test.ts';

describe.skipIf(!hasBrowser)('the fleet page', () => {
  test('shows workers with the age of their data, and a task while it runs', async ({
    page,
    startTask,
  }) => {
    await page.goto('/fleet');
    const worker = page.locator('.worker-table tbody tr').filter({ hasText: 'ready' }).first();
    await worker.waitFor();
    expect(await worker.innerText()).toMatch(/\d+ \/ \d+[^]*ago/);
    await page.locator('.reading').getByText('Live').waitFor();

    const { client, taskId, token } = await startTask(wordsOf(900));
    const id = page.getByRole('rowheader', { name: taskId, exact: true });
    const row = page.locator('.running-table tbody tr').filter({ has: id });
    await row.getByText('Running').waitFor();
    await client.kill({ token });
    await row.waitFor({ state: 'detached' });
  });

  test('a drain asks first, and a cancelled one changes nothing', async ({ page }) => {
    await page.goto('/fleet');
    const worker = page.locator('.worker-table tbody tr').filter({ hasText: 'ready' }).first();
    await worker.getByRole('button', { name: 'Drain', exact: true }).click();
    await worker.getByText('no new tasks until its process is restarted').waitFor();
    await worker.getByRole('button', { name: 'Cancel' }).click();
    await worker.getByRole('button', { name: 'Drain', exact: true }).waitFor();
    expect(await worker.locator('[data-cell="state"]').innerText()).toContain('ready');
  });

  test("shows an organisation's use of the slots, and changes its share", async ({
    page,
    startTask,
  }) => {
    const { client, token } = await startTask(wordsOf(900));
    await page.goto('/fleet');
    const row = page.locator('.tenant-table tbody tr').filter({ hasText: 'Demo' }).first();
    await row.getByText(/\d+ %/).waitFor();
    await page.locator('.pool-table tbody tr').first().waitFor();
    await client.kill({ token });

    await row.getByRole('button', { name: 'Change' }).click();
    const form = page.locator('.tenant-form');
    await form.getByLabel('Weight').fill('0');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.locator('input[name="weight"]:invalid').waitFor();
    await form.getByLabel('Weight').fill('2.5');
    await form.getByLabel('Running limit').fill('1000');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'detached' });
    await row.locator('[data-cell="weight"]').getByText('2.5').waitFor();
    await row.locator('[data-cell="running"]').getByText('of 1,000').waitFor();
  });

  test('sends no requests while it is hidden', async ({ page }) => {
    await page.goto('/fleet');
    await page.locator('.worker-table').waitFor();
    let readings = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/admin/v1/fleet')) readings += 1;
    });
    await hide(page, true);
    const before = readings;
    await page.waitForTimeout(4000);
    expect(readings - before).toBeLessThanOrEqual(1);

    await hide(page, false);
    await expect.poll(() => readings, { timeout: 5000 }).toBeGreaterThan(before + 1);
  });
});

/** Hides or shows the page, as when its tab is left or chosen. */
async function hide(page: { evaluate(script: string): Promise<unknown> }, hidden: boolean) {
  await page.evaluate(
    `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
     const state = ${hidden} ? 'hidden' : 'visible';
     Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
     document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));`,
  );
}
