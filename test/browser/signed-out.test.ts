import { describe, expect } from 'vitest';

import { hasBrowser, MODEL_PATH, test } from './browser-test.ts';

describe.skipIf(!hasBrowser)('a visitor who is signed out', () => {
  test('sees the model, its price and its form, and is asked to sign in to run', async ({
    visitor,
  }) => {
    await visitor.goto(MODEL_PATH);

    expect(await visitor.getByRole('heading', { level: 1 }).innerText()).toBe(
      'microsoft/Phi-3.5-mini-instruct',
    );
    expect(await visitor.locator('.facts').innerText()).toMatch(/\d+ runs?/);
    const price = visitor.locator('.price');
    expect(await price.innerText()).toBe(
      'Your request will cost $0.000585 per second. (Total cost varies with what the request uses.)',
    );
    expect(await visitor.getByText('Prompt to send to the model.').isVisible()).toBe(true);
    expect(await visitor.getByRole('link', { name: 'Sign in to run' }).isVisible()).toBe(true);
    expect(await visitor.getByRole('heading', { name: 'Model card' }).isVisible()).toBe(true);
  });

  test('sees the API sample with a hint about projects, and no key', async ({ visitor, stage }) => {
    await visitor.goto(`${MODEL_PATH}?tab=api`);

    const sample = visitor.locator('.api-sample');
    await sample.getByText("You don't have any projects yet.").waitFor();
    expect(await sample.innerText()).toContain(`API_URL='${stage.dev.apiUrl}'`);
    expect(await sample.innerText()).toContain("call 'Run/microsoft/Phi-3.5-mini-instruct'");
    expect(await visitor.content()).not.toContain(stage.dev.apiKey);
  });

  test('is asked to sign in for the history and the fleet', async ({ visitor }) => {
    await visitor.goto('/tasks');
    await visitor.getByText('Sign in to see your tasks.').waitFor();
    await visitor.goto('/fleet');
    await visitor.getByRole('main').getByRole('link', { name: 'Sign in' }).waitFor();
  });

  test('sees that a model does not exist', async ({ visitor }) => {
    await visitor.goto('/models/unknown/nothing');
    await visitor.getByText('There is no such model here').waitFor();
  });

  test('loads no validation library', async ({ visitor }) => {
    const scripts: Promise<string>[] = [];
    visitor.on('response', (response) => {
      if (response.url().endsWith('.js')) scripts.push(response.text());
    });
    await visitor.goto(MODEL_PATH, { waitUntil: 'networkidle' });
    expect(scripts.length).toBeGreaterThan(0);
    expect((await Promise.all(scripts)).join('')).not.toContain('ZodError');
  });

  test('sends no request to another host', async ({ visitor, stage }) => {
    const hosts = new Set<string>();
    visitor.on('request', (request) => hosts.add(new URL(request.url()).host));
    for (const path of ['/', MODEL_PATH, '/sign-in']) {
      await visitor.goto(path, { waitUntil: 'networkidle' });
    }
    expect([...hosts]).toEqual([new URL(stage.dev.dashboardUrl).host]);
  });
});
