import type { Check, Finding } from './check.ts';
import type { DoctorSettings } from './doctor-settings.ts';

/** Settings that hold only what a test sets. */
export function someSettings(changes: Partial<DoctorSettings> = {}): DoctorSettings {
  return {
    source: 'environment',
    environment: {},
    home: '/nonexistent',
    databaseUrl: null,
    redisUrl: null,
    storage: { STORAGE_DIR: '/nonexistent/storage', S3_REGION: 'us-east-1' },
    masterKey: null,
    masterKeyFile: '/nonexistent/master.key',
    modelDir: null,
    provider: 'auto',
    device: 0,
    dev: null,
    ...changes,
  };
}

export function examine(
  check: Check,
  changes: Partial<DoctorSettings> = {},
  now: () => number = Date.now,
): Promise<Finding> {
  const signal = AbortSignal.timeout(10_000);
  return check({ settings: someSettings(changes), signal, now });
}
