import { fileURLToPath } from 'node:url';

import type { TestProject } from 'vitest/node';

import { findChromium } from './find-chromium.ts';
import type { Stage } from './provided.ts';
import { signIn } from './sign-in.ts';
import { type DevFile, readDevFile, startRunfleet } from './start-runfleet.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Starts a Runfleet for all browser tests, or uses the one whose dev.json `RUNFLEET_DEV_FILE`
 * names.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = findChromium();
  if (chromium === null) {
    project.vitest.logger.log(
      'No Chromium found, so the browser tests are skipped. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.',
    );
    project.provide('stage', null);
    return async () => {};
  }
  const given = process.env['RUNFLEET_DEV_FILE'];
  if (given !== undefined) {
    const dev = readDevFile(given);
    if (!dev) throw new Error(`RUNFLEET_DEV_FILE=${given} cannot be read; is Runfleet running?`);
    project.provide('stage', await setTheStage(chromium, dev));
    return async () => {};
  }
  const runfleet = await startRunfleet(REPOSITORY);
  project.provide('stage', await setTheStage(chromium, runfleet.dev));
  return async () => {
    const complaints = runfleet.complaints();
    if (complaints !== '') project.vitest.logger.log(`Runfleet logged:\n${complaints}`);
    await runfleet[Symbol.asyncDispose]();
  };
}

async function setTheStage(chromium: string, dev: DevFile): Promise<Stage> {
  return { chromium, dev, cookies: await signInAsAdmin(dev) };
}

/** One session for all tests: the sign-in page is limited to a few attempts. */
function signInAsAdmin(dev: DevFile) {
  return signIn(dev.dashboardUrl, { email: dev.adminEmail, password: dev.adminPassword });
}
