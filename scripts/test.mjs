import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

import { installPackages, resolvePackage, root } from './install.mjs';
import { runChild } from './run-child.mjs';

const isBrowser = process.argv.includes('--browser');
const given = process.argv.slice(2).filter((argument) => argument !== '--browser');

await installPackages();

const folder = mkdtempSync(join(tmpdir(), 'runfleet-report-'));
const report = join(folder, 'report.json');
const vitest = join(dirname(resolvePackage('vitest/package.json')), 'vitest.mjs');
const code = await runChild(
  [
    vitest,
    'run',
    ...(isBrowser ? ['--config', 'vitest.browser.config.ts'] : []),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...given,
  ],
  // The shell's NODE_ENV may be set for production.
  { cwd: root, env: { ...process.env, NODE_ENV: 'test' } },
);

const result = readReport();
const failures = listFailures(result);
const { passed, failed, skipped } = count(result);
for (const line of failures) process.stdout.write(`${line}\n`);
const skippedPart = skipped > 0 ? `, ${skipped} skipped` : '';
process.stdout.write(`${passed} passed, ${failed} failed${skippedPart}\n`);
process.exitCode = code === 0 && failed > 0 ? 1 : code;

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    // The run ended before it wrote a report; its output is above.
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * One line per failed test, and per file that failed outside its tests (for example, because it cannot
 * be loaded), each with the first line of the error.
 */
function listFailures(result) {
  return (result?.testResults ?? [])
    .filter((file) => file.status === 'failed')
    .flatMap((file) => {
      const path = relative(root, file.name);
      const tests = file.assertionResults.filter((test) => test.status === 'failed');
      if (tests.length === 0) return [`FAILED ${path}: ${firstLine(file.message)}`];
      return tests.map(
        (test) => `FAILED ${path} > ${test.fullName}: ${firstLine(test.failureMessages[0] ?? '')}`,
      );
    });
}

function firstLine(text) {
  return text.trim().split('\n', 1)[0];
}

function count(result) {
  if (!result) return { passed: 0, failed: 1, skipped: 0 };
  return {
    passed: result.numPassedTests,
    // An error outside all tests fails the run, too.
    failed: failures.length === 0 && code !== 0 ? 1 : failures.length,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}
