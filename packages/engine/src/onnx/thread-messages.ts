import type { GenerateResult, OnnxEngineSpec, OutputChunk } from '../engine.ts';
import type { ThreadFailure } from '../to-failure.ts';
import type { GenerationRequest } from './generation.ts';

/** What the engine's thread is started with. */
export type ThreadInput = OnnxEngineSpec;

/** To the thread. `id` names one generation and is never used twice. */
export type ThreadCall =
  | { type: 'generate'; id: number; request: GenerationRequest }
  | { type: 'abort'; id: number }
  | { type: 'close' };

/** How a generation ended; its slot is free when this is sent. */
export type ThreadEnd =
  | { id: number; type: 'finished'; result: GenerateResult }
  | { id: number; type: 'aborted' }
  | { id: number; type: 'failed'; failure: ThreadFailure };

/** What the thread has to offer once the graph is loaded. */
export type OpenedModel = {
  provider: string;
  device: string;
  note: string;
  slots: number;
  contextLength: number;
  cacheBytesPerToken: number;
};

/** From the thread. The outputs of several steps travel together, merged by generation. */
export type ThreadNotice =
  | ({ type: 'opened' } & OpenedModel)
  | { type: 'refused'; failure: ThreadFailure }
  | {
      type: 'progress';
      outputs: readonly (OutputChunk & { id: number })[];
      ends: readonly ThreadEnd[];
    };
