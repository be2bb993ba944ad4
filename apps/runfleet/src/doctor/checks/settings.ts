import { apiConfig } from '@runfleet/api';
import { brokerConfig } from '@runfleet/broker';
import { gatewayConfig } from '@runfleet/gateway';
import { ConfigError, loadConfig } from '@runfleet/service';
import { workerConfig } from '@runfleet/worker';

import { type CheckContext, type Finding, ok, problem, skipped } from '../check.ts';

const SCHEMAS = [apiConfig, gatewayConfig, brokerConfig, workerConfig];

/** Checks that every role can read the environment. */
export function checkSettings({ settings }: CheckContext): Promise<Finding> {
  const { source, environment } = settings;
  if (source === 'npm start') return Promise.resolve(ok('from the running `npm start`'));
  if (source === 'none') {
    return Promise.resolve(
      skipped(
        'neither DATABASE_URL nor REDIS_URL is set, and no `npm start` is running',
        '`npm start` finds or starts both; docs/settings.md lists every setting.',
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
  const found = [...mistakes].map(([name, what]) => `${name} ${what}`).join('; ');
  return Promise.resolve(
    found === ''
      ? ok('from the environment; every role can read them')
      : problem(found, 'Correct the environment; docs/settings.md describes each setting.'),
  );
}
