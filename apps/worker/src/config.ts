import { portSetting, sharedSettings } from '@runfleet/service';
import { z } from 'zod';

const {
  DATABASE_URL,
  REDIS_URL,
  LOG_LEVEL,
  TICKET_TRANSPORT,
  MAX_TOKENS_CAP,
  MAX_TIMEOUT_SECONDS,
} = sharedSettings;

/** The environment of the worker role. */
export const workerConfig = z.object({
  DATABASE_URL,
  REDIS_URL,
  LOG_LEVEL,
  TICKET_TRANSPORT,
  MAX_TOKENS_CAP,
  MAX_TIMEOUT_SECONDS,
  WORKER_HOST: z.string().default('127.0.0.1').describe('Address of health and metrics.'),
  WORKER_PORT: portSetting(3103, 'Port of /healthz, /readyz and /metrics;'),
  WORKER_NAME: z
    .string()
    .optional()
    .describe('What operators see this worker as; the host name where not given.'),
  WORKER_MODEL: z
    .string()
    .default('microsoft/Phi-3.5-mini-instruct')
    .describe('The model of the catalogue whose tasks this worker runs.'),
  WORKER_SLOTS: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_024)
    .default(4)
    .describe('Tasks that run at once on this worker.'),
  WORKER_DRAIN_SECONDS: z.coerce
    .number()
    .min(0)
    .default(20)
    .describe('How long running tasks may go on after the worker was asked to stop.'),
  ENGINE: z
    .enum(['onnx', 'echo'])
    .default('onnx')
    .describe('What runs the model; echo repeats the prompt, for tests and benchmarks.'),
  MODEL_DIR: z
    .string()
    .optional()
    .describe('Folder of a published ONNX model; required by the onnx engine.'),
  ENGINE_PROVIDER: z
    .enum(['auto', 'cpu', 'cuda', 'webgpu'])
    .default('auto')
    .describe('Where the onnx engine computes; auto takes cuda where it loads, else cpu.'),
  ENGINE_THREADS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Threads of the onnx engine on a CPU; 0 takes all cores but one.'),
  ECHO_TOKEN_DELAY_MS: z.coerce
    .number()
    .min(0)
    .default(0)
    .describe('Pause before each token of the echo engine, in milliseconds.'),
});
