import { apiConfig } from '@runfleet/api';
import { brokerConfig } from '@runfleet/broker';
import { gatewayConfig } from '@runfleet/gateway';
import { ConfigError, loadConfig } from '@runfleet/service';
import { workerConfig } from '@runfleet/worker';

import { type CheckContext, type Finding, ok, problem, skipped } from '../check.ts';

const SCHEMAS = [apiConfig, gatewayConfig, brokerConfig, workerConfig];

/** Whether every role could read the environment. */
export function checkSettings({ settings }: CheckContext): Promise<Finding> {
  const { source, environment } = settings;
  if (source === 'npm start') return Promise.resolve(ok('those of the running `npm start`'));
  if (source === 'none') {
    return Promise.resolve(
      skipped(
        'neither DATABASE_URL nor REDIS_URL is set, and no `npm start` runs',
        '`npm start` finds or brings both; docs/settings.md lists every setting.',
      ),
    );
  }
  const mistakes = new Map<string, string>();
  for (const schema of SCHEMAS) {
    try {
      loadConfig(schema, environment);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const { name, problem: what } of error.mistakes) mistakes.set(name, what);
    }
  }
  const said = [...mistakes].map(([name, what]) => `${name} ${what}`).join('; ');
  return Promise.resolve(
    said === ''
      ? ok('those of the environment, which every role can read')
      : problem(said, 'Mend the environment; docs/settings.md says what each is for.'),
  );
}
