import type { GenerateRequest, Prepared } from '../engine.ts';
import type { OpenedModel } from '../onnx/thread-messages.ts';
import type { ThreadFailure } from '../to-failure.ts';

export type PromptThreadInput = {
  modelDir: string;
  opened: Pick<OpenedModel, 'contextLength' | 'cacheBytesPerToken'>;
};

/** To the thread. `id` names one call and is never reused. */
export type PromptCall = { id: number; request: GenerateRequest };

/** From the thread: one for each call, in any order. */
export type PromptReport =
  | ({ id: number; type: 'prepared'; grammar: GenerateRequest['grammar'] } & Omit<
      Prepared,
      'request'
    >)
  | { id: number; type: 'failed'; failure: ThreadFailure };
