import { describe, expect } from 'vitest';

import { hasBrowser, MODEL, test, wordsOf } from './browser-test.ts';

describe.skipIf(!hasBrowser)('the task history', () => {
  test('lists tasks, keeps its filter in the address, and opens one with its timeline', async ({
    page,
    startTask,
  }) => {
    const { client, taskId, token } = await startTask('A task for the history.');
    await client.waitFor(token);

    await page.goto('/tasks');
    await page.getByLabel('Tasks per page').selectOption('50');
    await page.waitForURL((url) => url.searchParams.get('limit') === '50');
    await page.getByLabel('Order').selectOption('DESC');
    await page.reload();
    expect(await page.getByLabel('Tasks per page').inputValue()).toBe('50');

    const link = page.getByRole('link', { name: taskId, exact: true });
    const row = page.locator('.tasks-table tbody tr').filter({ has: link });
    expect(await row.innerText()).toMatch(/Done[^]*A task for the history\.[^]*\$0\.0/);
    await link.click();

    await page.waitForURL((url) => url.pathname === `/tasks/${taskId}`);
    await page.locator('.timeline').getByText('Done').waitFor();
    const states = await page.locator('.timeline li > span:nth-child(2)').allInnerTexts();
    expect(states).toEqual([
      'Queued',
      'Assigned',
      'Accepted',
      'Preprocessing',
      'Preprocessed',
      'Running',
      'Finishing',
      'Postprocessing',
      'Done',
    ]);
    expect(await page.getByRole('region', { name: 'Answer' }).innerText()).toContain(
      'A task for the history.',
    );
    expect(await page.locator('.parameters').innerText()).toContain('A task for the history.');
    expect(await page.locator('.receipt-cost').innerText()).toMatch(
      /× \$0\.000585 per second = \$0\.0/,
    );
  });

  test('shows the tasks of one state and of the last hour', async ({ page, startTask }) => {
    const done = await startTask('A task that ends.');
    await done.client.waitFor(done.token);
    const stopped = await startTask(wordsOf(900));
    await stopped.client.kill({ token: stopped.token });

    await page.goto('/tasks?limit=100');
    const link = (taskId: string) => page.getByRole('link', { name: taskId, exact: true });
    await link(done.taskId).waitFor();
    await page.getByLabel('State').selectOption('Stopped');
    await link(done.taskId).waitFor({ state: 'detached' });
    await link(stopped.taskId).waitFor();
    await page.getByLabel('Created').selectOption('Last hour');
    await page.waitForURL((url) => url.searchParams.get('created') === 'hour');
    await page.reload();
    await link(stopped.taskId).waitFor();
    expect(await page.getByLabel('State').inputValue()).toBe('cancelled');
    expect(await page.locator('.tasks-table .badge').allInnerTexts()).not.toContain('Done');
  });

  test('a task can be run again, and its input can be edited in the form', async ({
    page,
    startTask,
  }) => {
    const { client, taskId, token } = await startTask('Once more, please.');
    await client.waitFor(token);

    await page.goto(`/tasks/${taskId}`);
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.waitForURL(
      (url) => /^\/tasks\/\d+$/.test(url.pathname) && !url.pathname.endsWith(`/${taskId}`),
    );
    await page.locator('h1').getByText('Done').waitFor();

    await page.getByRole('link', { name: 'Edit and run' }).click();
    const prompt = page.getByLabel('Prompt', { exact: false }).first();
    await expect.poll(() => prompt.inputValue()).toBe('Once more, please.');
  });

  test('a task whose contents were deleted says so, and cannot be run again', async ({
    page,
    startTask,
  }) => {
    const { client } = await startTask('A task alone.');
    const body = { prompt: 'A turn to delete.', session_id: 'a talk to delete' };
    const { id, conversation } = await client.runSync(MODEL, body);
    await page.goto(`/tasks/${id}`);
    const answer = page.getByRole('region', { name: 'Answer' });
    await answer.getByText('A turn to delete.').waitFor();
    const runAgain = page.getByRole('button', { name: 'Run again' });
    expect(await runAgain.isEnabled()).toBe(true);

    expect(await client.deleteConversation(conversation?.conversationid ?? '')).toBe(1);
    await page.reload();
    await answer.getByText('The contents of this task were deleted.').waitFor();
    expect(await runAgain.isDisabled()).toBe(true);
  });

  test('a turn of a conversation leads to the other turns', async ({ page, startTask }) => {
    const { client } = await startTask('A task alone.');
    const say = (prompt: string) => client.runSync(MODEL, { prompt, session_id: 'a talk' });
    const first = await say('The first turn.');
    const second = await say('The second turn.');
    await page.goto(`/tasks/${second.id}`);
    await page.getByText('Turn 2 of session a talk').waitFor();
    await page.getByText('Earlier turns read: 1').waitFor();
    await page.getByRole('link', { name: 'Turn 1' }).click();
    await page.waitForURL((url) => url.pathname === `/tasks/${first.id}`);
    await page.getByText('Turn 1 of session a talk').waitFor();
  });

  test('a page after the last and an unknown task number are explained', async ({ page }) => {
    await page.goto('/tasks?page=9999');
    await page.getByText('This page has no tasks.').waitFor();
    await page.goto('/tasks/999999999999');
    await page.getByText('There is no such task').waitFor();
  });
});
