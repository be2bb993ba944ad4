import { parseArgs } from 'node:util';

import { runWithUsage } from '../cli/with-usage.ts';
import { CHECKS } from './checks/index.ts';
import { readDoctorSettings } from './doctor-settings.ts';
import { hasProblem, renderJson, renderReport } from './render-report.ts';
import { runChecks } from './run-checks.ts';

const USAGE = `runfleet doctor [--json]

Checks everything that Runfleet needs and changes nothing. It checks the deployment that the environment describes, or
else a running \`npm start\`. Exit code: 0 no problem, 1 a problem, 2 wrong usage.
`;

/**
 * `runfleet doctor`: checks everything that Runfleet needs, changes nothing, and exits with 1 if
 * there is a problem.
 */
export function doctor(args: readonly string[]): Promise<void> {
  return runWithUsage(USAGE, args, examine);
}

async function examine(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false } },
  });
  const settings = await readDoctorSettings(process.env);
  const reports = await runChecks(CHECKS, { settings, now: Date.now });
  process.stdout.write(values.json ? renderJson(settings.source, reports) : renderReport(reports));
  if (hasProblem(reports)) process.exitCode = 1;
}
