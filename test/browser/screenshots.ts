/**
 * `pnpm screenshots`: takes screenshots of every page into docs/screenshots, with demo data and the demo
 * model, at two widths, light and dark. A screenshot that has not changed is not written again.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { optionsOrUsage } from '@runfleet/testing/options-or-usage';
import { chromium, type Page } from 'playwright-core';

import { findChromium } from './find-chromium.ts';
import type { Cookie } from './provided.ts';
import { signIn } from './sign-in.ts';
import { type DevFile, startRunfleet } from './start-runfleet.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(REPOSITORY, 'docs', 'screenshots');
const MODEL_PATH = '/models/microsoft/Phi-3.5-mini-instruct';
const PROMPT = 'What is a task?';
const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
} as const;
type Size = keyof typeof SIZES;
const ALL_SIZES: readonly Size[] = ['desktop', 'phone'];
const SCHEMES = ['light', 'dark'] as const;
const WAIT_MS = 30_000;

type Shot = {
  name: string;
  path: string;
  who: 'visitor' | 'owner' | 'admin';
  /** The variants to take; all by default. */
  sizes?: readonly Size[];
  /** Resolves when the subject of the screenshot is visible. */
  ready: (page: Page) => Promise<void>;
};

const USAGE = `pnpm screenshots   takes the screenshots of docs/screenshots; needs a Chromium, and a minute or two
`;

if (optionsOrUsage(refuseArguments, USAGE)) await main();

function refuseArguments(args: readonly string[]): true {
  if (args.length > 0) throw new Error(`It takes no arguments; "${args.join(' ')}" is too much.`);
  return true;
}

async function main(): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === null) {
    throw new Error(
      'No Chromium found. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.',
    );
  }
  await mkdir(FOLDER, { recursive: true });
  await using runfleet = await startRunfleet(REPOSITORY, { ENGINE: 'onnx' });
  const { dev } = runfleet;
  const cookies = { visitor: [], ...(await signInBoth(dev, await seedDemo(dev))) };

  const browser = await chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  try {
    const open = async (scheme: 'light' | 'dark', size: Size, session: Cookie[]) => {
      const context = await browser.newContext({
        baseURL: dev.dashboardUrl,
        viewport: SIZES[size],
        colorScheme: scheme,
        reducedMotion: 'reduce',
      });
      if (session.length > 0) await context.addCookies(session);
      const page = await context.newPage();
      page.setDefaultTimeout(WAIT_MS);
      return page;
    };
    const runAs = async (session: Cookie[]) => {
      const page = await open('light', 'desktop', session);
      const task = await runOnce(page);
      await page.context().close();
      return task;
    };
    // Two organisations, so that slots are shared.
    await runAs(cookies.admin);
    const shots = shotsOf(await runAs(cookies.owner));

    for (const shot of shots) {
      for (const size of shot.sizes ?? ALL_SIZES) {
        for (const scheme of SCHEMES) {
          const page = await open(scheme, size, cookies[shot.who]);
          await page.goto(shot.path);
          await shot.ready(page);
          await page.evaluate('document.activeElement?.blur(); document.fonts.ready');
          await save(`${shot.name}-${size}-${scheme}.png`, await page.screenshot());
          await page.context().close();
        }
      }
    }
  } finally {
    await browser.close();
  }
}

function shotsOf(task: string): Shot[] {
  const done = (page: Page) =>
    page.locator('.states').getByText('The answer is complete.').waitFor();
  return [
    {
      name: 'home',
      path: '/',
      who: 'owner',
      ready: async (page) => {
        await page.locator('.account-line').waitFor();
        await page.locator('.model-card').first().waitFor();
      },
    },
    {
      name: 'model',
      path: `${MODEL_PATH}?task=${task}`,
      who: 'owner',
      ready: async (page) => {
        await done(page);
        await page.getByLabel('Prompt', { exact: false }).first().fill(PROMPT);
      },
    },
    {
      name: 'answer',
      path: `${MODEL_PATH}?task=${task}`,
      who: 'owner',
      sizes: ['phone'],
      ready: async (page) => {
        await done(page);
        await page
          .locator('.run')
          .evaluate((element) => element.scrollIntoView({ block: 'start' }));
      },
    },
    {
      name: 'api',
      path: MODEL_PATH,
      who: 'admin',
      ready: async (page) => {
        await page.getByLabel('Prompt', { exact: false }).first().fill(PROMPT);
        await page.getByRole('tab', { name: 'API' }).click();
        await page.locator('.api-sample').waitFor();
      },
    },
    {
      name: 'tasks',
      path: '/tasks',
      who: 'owner',
      ready: (page) => page.locator('.tasks-table tbody tr').first().waitFor(),
    },
    {
      name: 'task',
      path: `/tasks/${task}`,
      who: 'owner',
      ready: (page) => page.locator('.timeline').getByText('Done').waitFor(),
    },
    {
      name: 'fleet',
      path: '/fleet',
      who: 'admin',
      ready: async (page) => {
        await page.locator('table tbody tr').first().waitFor();
        // The chart starts when the page is opened; several samples make a line.
        await page
          .locator("xpath=//*[@class='chart-waiting'][string-length(@d) > 60]")
          .waitFor({ state: 'attached' });
      },
    },
    {
      name: 'shares',
      path: '/fleet',
      who: 'admin',
      ready: async (page) => {
        await page.locator('.tenant-table tbody tr').first().waitFor();
        await page
          .locator('.worker-table')
          .evaluate((element) => element.closest('section')?.scrollIntoView({ block: 'start' }));
      },
    },
    {
      name: 'sign-in',
      path: '/sign-in',
      who: 'visitor',
      ready: (page) => page.getByLabel('E-mail').waitFor(),
    },
  ];
}

/** Runs one prompt on the model page; returns the task's number. */
async function runOnce(page: Page): Promise<string> {
  await page.goto(MODEL_PATH);
  await page.getByLabel('Prompt', { exact: false }).first().fill(PROMPT);
  await page.getByRole('button', { name: 'Run', exact: false }).click();
  await page.waitForURL((url) => url.searchParams.has('task'));
  await page.locator('.states').getByText('The answer is complete.').waitFor();
  return new URL(page.url()).searchParams.get('task') ?? '';
}

async function seedDemo(dev: DevFile): Promise<{ email: string; password: string }> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'apps/runfleet/src/main.ts', 'seed-demo', '--json'],
    { cwd: REPOSITORY, env: { ...process.env, DATABASE_URL: dev.databaseUrl } },
  );
  const { emails, password } = JSON.parse(stdout) as { emails: string[]; password: string };
  return { email: emails[0] ?? '', password };
}

async function signInBoth(dev: DevFile, owner: { email: string; password: string }) {
  return {
    owner: await signIn(dev.dashboardUrl, owner),
    admin: await signIn(dev.dashboardUrl, { email: dev.adminEmail, password: dev.adminPassword }),
  };
}

async function save(name: string, picture: Buffer): Promise<void> {
  const path = join(FOLDER, name);
  const former = await readFile(path).catch(() => null);
  if (former?.equals(picture)) return;
  await writeFile(path, picture);
  process.stdout.write(`${name} ${Math.ceil(picture.length / 1_024)} KB\n`);
}
