import type { Engine, GenerateResult, Prepared } from '@runfleet/engine';
import type { FinishReason, TokenLogprobs } from '@runfleet/protocol';

import type { OutputJournal } from '../output-journal.ts';
import { stopKindOf } from '../stop-reason.ts';

export type Answer = Omit<GenerateResult, 'finishReason'> & {
  text: string;
  finishReason: FinishReason;
  /** Log probabilities of the answer's tokens, if the request asks for them. */
  logprobs: readonly TokenLogprobs[];
  /** How many characters and tokens there were after each piece of the text. */
  marks: readonly { characters: number; tokens: number }[];
};

/**
 * Runs the model and streams its text into the journal. A timeout after output began still gives an
 * answer; a timeout before that rejects.
 */
export async function infer(run: {
  engine: Engine;
  prepared: Prepared;
  journal: OutputJournal;
  signal: AbortSignal;
}): Promise<Answer> {
  const { engine, prepared, journal, signal } = run;
  const startedAt = performance.now();
  const logprobs: TokenLogprobs[] = [];
  const marks: { characters: number; tokens: number }[] = [];
  let text = '';
  try {
    const result = await engine.generate(
      prepared,
      (chunk) => {
        text += chunk.text;
        marks.push({ characters: text.length, tokens: chunk.tokens });
        logprobs.push(...(chunk.logprobs ?? []));
        journal.add(chunk);
      },
      signal,
    );
    return { text, logprobs, marks, ...result };
  } catch (error) {
    if (stopKindOf(signal) !== 'timeout' || journal.tokens === 0) throw error;
    return {
      text,
      logprobs,
      marks,
      finishReason: 'timeout',
      promptTokens: prepared.promptIds.length,
      // Only an engine that ends an answer reports it.
      cachedTokens: 0,
      completionTokens: journal.tokens,
      prefillMs: 0,
      decodeMs: performance.now() - startedAt,
    };
  }
}
