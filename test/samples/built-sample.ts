import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type SampleCall, SAMPLE_LANGUAGES, type SampleLanguageKey } from '@runfleet/samples';

import type { ToolChain } from './tool-chain.ts';

export type Keys = { apiKey?: string; apiSecret?: string };
export type Ended = { code: number; stdout: string; stderr: string };

const PATIENCE_MS = 120_000;

/** A sample as saved and compiled. `start` is null if it was only read by a parser. */
export type BuiltSample = { start: ((keys: Keys) => Promise<Ended>) | null };

export async function buildSample(
  language: SampleLanguageKey,
  call: SampleCall,
  { chain, libraries, folder }: { chain: ToolChain; libraries: string; folder: string },
): Promise<BuiltSample> {
  const { fileName, write } = SAMPLE_LANGUAGES[language];
  await mkdir(folder, { recursive: true });
  const file = join(folder, fileName);
  await writeFile(file, write(call));
  await chain.build?.(file, libraries);
  if (chain.start === undefined) return { start: null };
  const { command, env } = chain.start(file, libraries);
  return { start: (keys) => runToEnd(command, { ...env, ...environmentOf(keys) }) };
}

function environmentOf({ apiKey, apiSecret }: Keys): Record<string, string> {
  return {
    ...(apiKey === undefined ? {} : { YOUR_API_KEY: apiKey }),
    ...(apiSecret === undefined ? {} : { YOUR_API_SECRET: apiSecret }),
  };
}

function runToEnd(
  [program, ...args]: readonly [string, ...string[]],
  env: Record<string, string>,
): Promise<Ended> {
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve) => {
    const options = { env: { PATH, HOME, LANG: 'C.UTF-8', ...env }, timeout: PATIENCE_MS };
    const child = execFile(program, args, options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}
