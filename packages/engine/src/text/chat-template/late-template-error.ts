import { EngineError } from '../../engine-error.ts';

/** A template that takes longer for a conversation than it may. */
export class LateTemplateError extends EngineError {
  constructor(ms: number, cause: unknown) {
    const message = `The model's chat template refuses these messages: it takes longer than ${ms} ms.`;
    super('input', message, { cause });
  }
}
