import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

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
  { cwd: root },
);

const { passed, failed, skipped } = count(readReport());
const skippedPart = skipped > 0 ? `, ${skipped} skipped` : '';
process.stdout.write(`${passed} passed, ${failed} failed${skippedPart}\n`);
process.exitCode = code === 0 && failed > 0 ? 1 : code;

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    // The run ended before it could report; its own words are above.
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function count(result) {
  if (!result) return { passed: 0, failed: 1, skipped: 0 };
  // A file that cannot be loaded has no tests to fail.
  const broken = result.testResults.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = result.numFailedTests + broken;
  return {
    passed: result.numPassedTests,
    // An error outside every test fails the run, too.
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}
