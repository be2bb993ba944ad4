import { describe, expect } from 'vitest';

import { hasBrowser, MODEL, MODEL_PATH, runPrompt, test, wordsOf } from './browser-test.ts';

const STEPS = ['Queued', 'Assigned', 'Accepted', 'Preprocessing', 'Running', 'Done'];

describe.skipIf(!hasBrowser)('running a prompt', () => {
  test('streams the answer, shows its states, and costs its seconds times the price', async ({
    page,
  }) => {
    await page.goto(MODEL_PATH);
    await runPrompt(page, wordsOf(150));

    const answer = page.getByRole('region', { name: 'Answer' });
    await answer.getByText('word1 word2').waitFor();
    expect(await answer.innerText()).not.toContain('word150');
    await page.getByRole('button', { name: 'Stop' }).waitFor();

    await page.locator('.states').getByText('Done. The answer is complete.').waitFor();
    expect(await answer.innerText()).toContain('word149 word150');
    const steps = page.locator('.states-line li');
    expect(await steps.locator('.step-label').allInnerTexts()).toEqual(STEPS);
    expect(await page.locator('.states-line li[data-progress="done"]').count()).toBe(STEPS.length);

    const sum = await page.locator('.receipt-cost .figure').innerText();
    const [, seconds = '', price = '', cost = ''] =
      /^([\d.]+) × \$([\d.]+) per second = \$([\d.]+)$/.exec(sum) ?? [];
    expect(price).toBe('0.000585');
    expect(pico(cost)).toBe((BigInt(seconds.replace('.', '')) * pico(price)) / 10_000n);
    expect(await page.locator('.receipt').innerText()).toMatch(/in, 150 out/);
    expect(await page.locator('.answer-bar').innerText()).toMatch(/[\d.]+ tokens\/s/);
    expect(await page.locator('.waterfall tbody tr').count()).toBe(4);
  });

  test('shows a call as a call, with its arguments in lines, and its syntax only as raw text', async ({
    page,
  }) => {
    // The echo engine calls a tool if it is told to repeat a call.
    const call = '{"name": "get_weather", "arguments": {"city": "Paris", "days": [1, 2]}}';
    await page.goto(MODEL_PATH);
    await page.getByText('Advanced settings').click();
    const tools = [{ type: 'function', function: { name: 'get_weather' } }];
    await page.getByLabel('Tools').fill(JSON.stringify(tools));
    await runPrompt(page, `Let me look.\n<tool_call>\n${call}\n</tool_call>`);
    await page.locator('.states').getByText('Done. The answer is complete.').waitFor();

    const answer = page.getByRole('region', { name: 'Answer' });
    const shown = answer.locator('.call');
    await shown.getByText('get_weather').waitFor();
    await shown.getByText('Completed').waitFor();
    expect(await shown.locator('pre').innerText()).toBe(
      JSON.stringify({ city: 'Paris', days: [1, 2] }, null, 2),
    );
    expect(await answer.innerText()).toContain('Let me look.');
    expect(await answer.innerText()).not.toContain('tool_call');

    // The record of the ended task has the same.
    await page.locator('.run-head a').click();
    await answer.locator('.call').getByText('get_weather').waitFor();
    await page.getByRole('button', { name: 'Raw' }).click();
    await answer.getByText('<tool_call>').waitFor();
    expect(await answer.locator('.call').count()).toBe(0);
  });

  test('is followed again after a reload', async ({ page }) => {
    await page.goto(MODEL_PATH);
    await runPrompt(page, wordsOf(150));
    const answer = page.getByRole('region', { name: 'Answer' });
    await answer.getByText('word1 word2').waitFor();

    await page.reload();
    await page.locator('.states').getByText('Done. The answer is complete.').waitFor();
    expect(await answer.innerText()).toContain('word149 word150');
  });

  test('starts from the keyboard, and shows the raw answer', async ({ page }) => {
    await page.goto(MODEL_PATH);
    const prompt = page.getByLabel('Prompt', { exact: false }).first();
    await prompt.fill('Say **this** back.');
    await prompt.press('Control+Enter');
    await page.locator('.states').getByText('Done. The answer is complete.').waitFor();

    const answer = page.getByRole('region', { name: 'Answer' });
    await answer.locator('strong').getByText('this').waitFor();
    await page.getByRole('button', { name: 'Raw' }).click();
    expect((await answer.innerText()).trim()).toBe('Say **this** back.');
  });

  test('a formatted answer keeps its line breaks, and states what answered', async ({ page }) => {
    await page.goto(MODEL_PATH);
    await runPrompt(page, 'First line\nsecond line  \nthird line');
    await page.locator('.states').getByText('Done. The answer is complete.').waitFor();
    const paragraph = page.getByRole('region', { name: 'Answer' }).locator('p');
    await expect.poll(() => paragraph.innerText()).toBe('First line\nsecond line\nthird line');
    await page.locator('.receipt').getByText('the echo engine, not the model itself').waitFor();
  });

  test('a model that no worker serves is marked before it is run', async ({ page }) => {
    await page.goto('/');
    const card = page.locator('.model-card').filter({ hasText: 'Phi-3-mini-4k-instruct' });
    await card.getByText('No worker serves it now').waitFor();
    await card.click();
    await page.getByRole('note').getByText('No worker serves this model now.').waitFor();
  });

  test('shows its position while it is queued, and that no worker can run it', async ({
    page,
    startTask,
  }) => {
    // The worker has four slots; further tasks wait.
    const long = await Promise.all(Array.from({ length: 6 }, () => startTask(wordsOf(900))));
    await page.goto(MODEL_PATH);
    await runPrompt(page, 'short');
    await page
      .locator('.run .queue-place')
      .getByText(/^(Next|2nd|3rd) in line/)
      .waitFor();
    await Promise.all(long.map(({ client, token }) => client.kill({ token })));
    await page.locator('.states').getByText('Done. The answer is complete.').waitFor();
    expect(await page.locator('.queue-place').count()).toBe(0);

    const { client } = long[0] ?? (await startTask('a'));
    const requires = { gpu: 'none-such' };
    const blocked = await client.run(MODEL, { prompt: 'a' }, { requires });
    await page.goto(`/tasks/${blocked.taskId}`);
    await page.getByRole('status').getByText('carries gpu=none-such').waitFor();
    await client.cancel({ taskId: blocked.taskId });
  });

  test('requires a prompt, and shows it at the field', async ({ page }) => {
    await page.goto(MODEL_PATH);
    await page.getByLabel('Prompt', { exact: false }).first().fill('');
    await page.getByRole('button', { name: 'Run', exact: false }).click();
    await page.getByText('Prompt is required.').waitFor();
    expect(new URL(page.url()).searchParams.has('task')).toBe(false);
  });

  test('a setting out of range is shown before anything is sent', async ({ page }) => {
    await page.goto(MODEL_PATH);
    await page.getByLabel('Prompt', { exact: false }).first().fill('Hello');
    await page.getByText('Advanced settings').click();
    await page.getByLabel('Top k').fill('5000');
    await page.getByRole('button', { name: 'Run', exact: false }).click();
    await page.getByText('Top k must be between 0 and 1000.').waitFor();
    expect(new URL(page.url()).searchParams.has('task')).toBe(false);
  });

  test('the advanced settings stay open while a mistake in them is corrected', async ({ page }) => {
    await page.goto(MODEL_PATH);
    await page.getByLabel('Prompt', { exact: false }).first().fill('Hello');
    const summary = page.getByText('Advanced settings');
    await summary.click();
    const tools = page.getByLabel('Tools');
    await tools.fill('not json');
    const run = page.getByRole('button', { name: 'Run', exact: false });
    await run.click();
    const mistake = page.locator('.more .mistake');
    await mistake.waitFor();
    await tools.pressSequentially('!');
    await mistake.waitFor({ state: 'detached' });
    expect(await tools.isVisible()).toBe(true);

    // A mistake opens them again after the reader closed them.
    await summary.click();
    await tools.waitFor({ state: 'hidden' });
    await run.click();
    await mistake.waitFor();
    await tools.pressSequentially('!');
    await mistake.waitFor({ state: 'detached' });
    expect(await tools.isVisible()).toBe(true);
  });

  test('an answer that was cut at its token limit is not called complete', async ({ page }) => {
    await page.goto(MODEL_PATH);
    await page.getByText('Advanced settings').click();
    await page.getByLabel('Max tokens').last().fill('5');
    await runPrompt(page, wordsOf(20));
    await page.locator('.run').getByText('The answer reached its token limit.').waitFor();
    expect(await page.locator('.states-sentence').innerText()).toBe('Done. The task has ended.');
    expect(await page.locator('.run').innerText()).not.toContain('complete');
  });

  test('the API tab has the same input in nine languages, without key and secret', async ({
    page,
    stage,
  }) => {
    await page.goto(MODEL_PATH);
    await page.getByLabel('Prompt', { exact: false }).first().fill('What\'s "up"? $HOME');
    await page.getByRole('tab', { name: 'API' }).click();
    const sample = page.locator('.api-sample');
    await sample.getByText(`whose key ends in ${stage.dev.apiKey.slice(-4)}`).waitFor();
    const languages = sample.getByRole('tablist', { name: 'Language' }).getByRole('tab');
    expect(await languages.allInnerTexts()).toEqual(
      'curl nodejs csharp php swift dart kotlin go python'.split(' '),
    );
    const program = sample.locator('.code code').first();
    expect(await program.innerText()).toContain(String.raw`"prompt": "What'\''s \"up\"? $HOME"`);
    expect(await sample.innerText()).toContain(stage.dev.socketUrl);

    await languages.getByText('kotlin').click();
    expect(await program.innerText()).toContain(String.raw`"prompt" to "What's \"up\"? \$HOME",`);
    await page.keyboard.press('ArrowRight');
    expect(await sample.locator('h3').first().innerText()).toBe('main.go');
    for (const secret of [stage.dev.apiKey, stage.dev.apiSecret]) {
      expect(await page.content()).not.toContain(secret);
    }

    // A second visit shows the language of the first.
    await page.reload();
    await sample.getByRole('tab', { name: 'go', selected: true }).waitFor();
  });
});

/** A decimal amount in units of 10^-12. */
function pico(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(12, '0'));
}
