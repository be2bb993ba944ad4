import { fileURLToPath } from 'node:url';

import type { TestProject } from 'vitest/node';

import { findChromium } from './find-chromium.ts';
import type { Cookie, Stage } from './provided.ts';
import { type DevFile, readDevFile, startRunfleet } from './start-runfleet.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Starts a Runfleet for all browser tests, or takes the one whose dev.json `RUNFLEET_DEV_FILE` names. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = findChromium();
  if (chromium === null) {
    project.vitest.logger.log(
      'No Chromium found, so no browser test is run. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.',
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
  return { chromium, dev, cookies: await signIn(dev) };
}

/** One session for all tests: the sign-in page is limited to a few attempts. */
async function signIn(dev: DevFile): Promise<Cookie[]> {
  const answer = await fetch(new URL('/api/auth/sign-in/email', dev.dashboardUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(dev.dashboardUrl).origin },
    body: JSON.stringify({ email: dev.adminEmail, password: dev.adminPassword }),
  });
  if (!answer.ok) throw new Error(`Signing in failed: ${answer.status} ${await answer.text()}`);
  return answer.headers.getSetCookie().map((line) => {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    return {
      name: pair.slice(0, at),
      value: pair.slice(at + 1),
      url: new URL(dev.dashboardUrl).origin,
    };
  });
}
