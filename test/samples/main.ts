/** `pnpm samples`: the samples of the model page against a real stack. See docs/samples.md. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeTemporaryFolder } from '@runfleet/local-servers';
import type { SampleLanguageKey } from '@runfleet/samples';
import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { findProgram } from '../e2e/find-program.ts';
import { buildSample } from './built-sample.ts';
import { readOptions, USAGE } from './options.ts';
import { READ_LAWS, SAMPLE_LAWS, type SampleStack } from './sample-laws.ts';
import { startStack } from './start-stack.ts';
import { fetchOnce } from './tool-chain.ts';
import { TOOL_CHAINS } from './tool-chains.ts';

const ERROR_LETTERS_MAX = 4_000;
const VERSION_LETTERS_MAX = 40;
/** Compilers and libraries that a registry has are downloaded once. */
const LIBRARIES = join(tmpdir(), 'runfleet-sample-libraries');

// Exit handlers stop what was started; the default action of a signal would not run them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const languages = optionsOrUsage(readOptions, USAGE);
if (languages) process.exitCode = await tryAll(languages);

async function tryAll(keys: readonly SampleLanguageKey[]): Promise<number> {
  const folder = await makeTemporaryFolder('samples');
  // A Postgres started by root runs as another user, which must enter the folder.
  await chmod(folder, 0o711);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  await using stack = await startStack(folder);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const key of keys) {
    for await (const { name, result, detail } of tryLanguage(key, stack, folder)) {
      counts[result] += 1;
      process.stdout.write(`${result.padEnd(8)}${key.padEnd(8)}${name}${detail}\n`);
    }
  }
  const { passed, failed, skipped } = counts;
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  return failed === 0 ? 0 : 1;
}

type Verdict = { name: string; result: 'passed' | 'failed' | 'skipped'; detail: string };

async function* tryLanguage(
  key: SampleLanguageKey,
  stack: SampleStack,
  work: string,
): AsyncGenerator<Verdict> {
  const chain = TOOL_CHAINS[key];
  const missing = chain.programs.filter((program) => findProgram(program) === null);
  if (missing.length > 0) {
    yield { name: `${missing.join(', ')} is not installed`, result: 'skipped', detail: '' };
    return;
  }
  let libraries = '';
  try {
    libraries = await fetchOnce(LIBRARIES, key, chain);
  } catch (error) {
    yield { name: 'its tools cannot be downloaded', result: 'skipped', detail: textOf(error) };
    return;
  }
  const [program, ...args] = chain.version;
  const [version = ''] = execFileSync(program, args, { encoding: 'utf8' }).split('\n');
  const versions = [version.slice(0, VERSION_LETTERS_MAX), ...(chain.fetched ?? [])].join(', ');
  const laws = chain.start === undefined ? READ_LAWS : SAMPLE_LAWS;
  for (const [at, [name, law]] of Object.entries(laws).entries()) {
    const options = { chain, libraries, folder: join(work, key, String(at)) };
    const verdict = await law(stack, (call) => buildSample(key, call, options)).then(
      (): Verdict => ({ name, result: 'passed', detail: ` (${versions})` }),
      (error: unknown): Verdict => ({ name, result: 'failed', detail: textOf(error) }),
    );
    yield verdict;
  }
}

/** The output of a failed program, or the first lines of a failed comparison. */
function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `\n${text.slice(0, ERROR_LETTERS_MAX)}`;
}
