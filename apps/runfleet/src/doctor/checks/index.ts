import type { Check } from '../check.ts';
import { checkClock } from './clock.ts';
import { cudaLibrariesCheck } from './cuda-libraries.ts';
import { checkCuda } from './cuda.ts';
import { checkMasterKey } from './master-key.ts';
import { checkModelFolders } from './model-folders.ts';
import { checkNode } from './node-version.ts';
import { checkOnnxRuntime } from './onnx-runtime.ts';
import { portCheck } from './ports.ts';
import { checkPostgresConnections } from './postgres-connections.ts';
import { checkPostgresRun } from './postgres-run.ts';
import { checkPostgresSchema } from './postgres-schema.ts';
import { checkPostgres } from './postgres.ts';
import { checkRedisPersistence } from './redis-persistence.ts';
import { checkRedisPolicy } from './redis-policy.ts';
import { checkRedisWrites } from './redis-writes.ts';
import { checkRedis } from './redis.ts';
import { checkSettings } from './settings.ts';
import { checkStorage } from './storage.ts';
import { checkWaitingTasks } from './waiting-tasks.ts';

/** The doctor's checks in the order of the report. The names are part of the `--json` format. */
export const CHECKS = {
  node: checkNode,
  settings: checkSettings,
  postgres: checkPostgres,
  'postgres-schema': checkPostgresSchema,
  'postgres-connections': checkPostgresConnections,
  'postgres-run': checkPostgresRun,
  'waiting-tasks': checkWaitingTasks,
  redis: checkRedis,
  'redis-writes': checkRedisWrites,
  'redis-policy': checkRedisPolicy,
  'redis-persistence': checkRedisPersistence,
  clock: checkClock,
  storage: checkStorage,
  'master-key': checkMasterKey,
  'port-api': portCheck('api'),
  'port-gateway': portCheck('gateway'),
  'port-broker': portCheck('broker'),
  'port-worker': portCheck('worker'),
  'onnx-runtime': checkOnnxRuntime,
  cuda: checkCuda,
  'cuda-libraries': cudaLibrariesCheck(),
  models: checkModelFolders,
} as const satisfies Record<string, Check>;
