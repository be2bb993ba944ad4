import { RunfleetClient } from '@runfleet/client';
import { type Browser, chromium, type Page } from 'playwright-core';
import { test as base, inject } from 'vitest';
import { WebSocket } from 'ws';

import './provided.ts';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];
const WAIT_MS = 20_000;

export const MODEL = 'microsoft/Phi-3.5-mini-instruct';
export const MODEL_PATH = `/models/${MODEL}`;

/** False without a Chromium; the tests are then reported as skipped. */
export const hasBrowser = inject('stage') !== null;

/** `words` different words; the echo engine writes one every 20 ms. */
export const wordsOf = (words: number): string =>
  Array.from({ length: words }, (_, index) => `word${index + 1}`).join(' ');

/** A test with its own pages: `visitor` is signed out, `page` is signed in as the operator. */
export const test = base
  .extend('stage', () => {
    const stage = inject('stage');
    if (!stage) throw new Error('Without a Chromium these tests are skipped; see hasBrowser.');
    return stage;
  })
  .extend('browser', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const browser = await chromium.launch({
      executablePath: inject('stage')?.chromium ?? '',
      args: FLAGS,
    });
    onCleanup(() => browser.close());
    return browser;
  })
  .extend('visitor', async ({ browser, stage }, { onCleanup }) => {
    const page = await openPage(browser, stage.dev.dashboardUrl);
    onCleanup(() => page.context().close());
    return page;
  })
  .extend('page', async ({ browser, stage }, { onCleanup }) => {
    const page = await openPage(browser, stage.dev.dashboardUrl);
    onCleanup(() => page.context().close());
    await page.context().addCookies(stage.cookies);
    return page;
  })
  .extend('startTask', ({ stage }) => {
    const { apiUrl, socketUrl, apiKey, apiSecret } = stage.dev;
    const client = new RunfleetClient({
      apiUrl,
      socketUrl,
      apiKey,
      apiSecret,
      webSocket: WebSocket,
    });
    return async (prompt: string) => ({ client, ...(await client.run(MODEL, { prompt })) });
  });

async function openPage(browser: Browser, baseURL: string): Promise<Page> {
  const context = await browser.newContext({ baseURL, viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  return page;
}

/** Fills the prompt and presses Run; returns the task's number. */
export async function runPrompt(page: Page, prompt: string): Promise<string> {
  const former = new URL(page.url()).searchParams.get('task');
  await page.getByLabel('Prompt', { exact: false }).first().fill(prompt);
  await page.getByRole('button', { name: 'Run', exact: false }).click();
  await page.waitForURL((url) => {
    const task = url.searchParams.get('task');
    return task !== null && task !== former;
  });
  return new URL(page.url()).searchParams.get('task') ?? '';
}
