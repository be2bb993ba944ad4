import { parseArgs } from 'node:util';

import { CHECKS } from './checks/index.ts';
import { readDoctorSettings } from './doctor-settings.ts';
import { hasProblem, renderJson, renderReport } from './render-report.ts';
import { runChecks } from './run-checks.ts';

/**
 * `runfleet doctor`: looks at everything that Runfleet needs, changes nothing, and exits with 1
 * where there is a problem.
 */
export async function doctor(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false } },
  });
  const settings = await readDoctorSettings(process.env);
  const reports = await runChecks(CHECKS, { settings, now: Date.now });
  process.stdout.write(values.json ? renderJson(settings.source, reports) : renderReport(reports));
  if (hasProblem(reports)) process.exitCode = 1;
}
