import type { GenerateResult, OnnxEngineSpec, OutputChunk } from '../engine.ts';
import type { ThreadFailure } from '../to-failure.ts';
import type { GenerationRequest } from './generation.ts';

/** The data that the engine's thread is started with. */
export type ThreadInput = OnnxEngineSpec;

/** Messages to the thread. `id` names one generation and is never reused. */
export type ThreadCall =
  | { type: 'generate'; id: number; request: GenerationRequest }
  | { type: 'abort'; id: number }
  | { type: 'close' };

/** How a generation ended; its slot is free when this is sent. */
export type ThreadEnd =
  | { id: number; type: 'finished'; result: GenerateResult }
  | { id: number; type: 'aborted' }
  | { id: number; type: 'failed'; failure: ThreadFailure };

/** What the thread reports once the graph is loaded. */
export type OpenedModel = {
  provider: string;
  device: string;
  note: string;
  slots: number;
  contextLength: number;
  isolation: number;
  cacheBytesPerToken: number;
};

/** Messages from the thread. The output of several steps is sent together, merged by generation. */
export type ThreadReport =
  | ({ type: 'opened' } & OpenedModel)
  | { type: 'refused'; failure: ThreadFailure }
  | {
      type: 'progress';
      outputs: readonly (OutputChunk & { id: number })[];
      ends: readonly ThreadEnd[];
    };
