import { parseLabels } from '@runfleet/protocol';
import { portSetting, sharedSettings } from '@runfleet/service';
import { z } from 'zod';

import { parseModelList } from './models/parse-model-list.ts';

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
    .describe('Name of this worker for operators; the host name if not set.'),
  WORKER_MODEL: z
    .string()
    .default('microsoft/Phi-3.5-mini-instruct')
    .describe('The model of the catalogue that this worker loads at startup.'),
  WORKER_MODELS: z
    .string()
    .default('')
    .transform(textAs(parseModelList))
    .describe('More models, loaded on demand: owner/name=folder, separated by commas.'),
  WORKER_MEMORY_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .optional()
    .describe('Device memory in bytes that the models share; measured if not set.'),
  WORKER_LABELS: z
    .string()
    .default('')
    .transform(textAs(parseLabels))
    .describe(
      'Labels that tasks may require, as gpu=H100,zone=a; the worker adds the labels that it detects.',
    ),
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
    .describe('How long running tasks may continue after the worker was asked to stop.'),
  ENGINE: z
    .enum(['onnx', 'echo'])
    .default('onnx')
    .describe('What runs the model; echo repeats the prompt, for tests and benchmarks.'),
  MODEL_DIR: z
    .string()
    .optional()
    .describe('Folder of WORKER_MODEL, a published ONNX build; required by the onnx engine.'),
  ENGINE_PROVIDER: z
    .enum(['auto', 'cpu', 'cuda', 'webgpu'])
    .default('auto')
    .describe('Provider of the onnx engine; auto takes the first of cuda, webgpu, cpu that opens.'),
  ENGINE_DEVICE: z.coerce
    .number()
    .int()
    .min(0)
    .max(63)
    .default(0)
    .describe(
      'Index of the CUDA device that the onnx engine runs on, as CUDA counts them; one worker per card.',
    ),
  ENGINE_THREADS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Threads of the onnx engine on a CPU; 0 takes all cores but one.'),
  ENGINE_CONTEXT_TOKENS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe(
      'Most tokens of a prompt and its answer; 0 takes the length of the short rope table (Phi: 4096).',
    ),
  ENGINE_PROMPT_LOOKUP_TOKENS: z.coerce
    .number()
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe(
      'Most tokens to guess ahead from the text so far while an answer is alone; may change its rounding.',
    ),
  HISTORY_TOKENS_MAX: z.coerce
    .number()
    .int()
    .min(0)
    .default(8_192)
    .describe(
      'Most tokens of earlier turns of its conversation that a turn reads; up to a quarter of the context is left to the answer.',
    ),
  ECHO_TOKEN_DELAY_MS: z.coerce
    .number()
    .min(0)
    .default(0)
    .describe('Pause before each token of the echo engine, in milliseconds.'),
});

/** A transform that reports an error of `parse` as an issue of the setting. */
function textAs<T>(parse: (text: string) => T) {
  return (text: string, ctx: z.RefinementCtx): T => {
    try {
      return parse(text);
    } catch (error) {
      ctx.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  };
}
