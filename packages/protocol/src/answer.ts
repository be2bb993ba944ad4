/**
 * An answer's text as clients read it. `segments` is the authority; `thinking` and `answer` are the same
 * texts by kind, for clients that know only those.
 */
import { type RunCalls, segmentsOf } from './answer-segments.ts';
import { FINISH_REASONS, type FinishReason } from './outcome.ts';
import { readAnswer } from './read-answer.ts';
import { type CallFormatName, callFormatOf } from './tool-calls.ts';
import type { Segment, Usage, WireFinishReason } from './wire/output-item.ts';

export type AnswerEnd = { finishreason: WireFinishReason; usage: Usage };

export type AnswerContent = Partial<AnswerEnd> & {
  raw: string;
  thinking: string[];
  answer: string[];
  segments: Segment[];
};

/**
 * The one writer of this shape: for frames, event streams and the outputs of a task. `calls` is null for
 * a run without tools, whose text contains no calls.
 */
export function answerContent(
  raw: string,
  end: AnswerEnd | null,
  calls: RunCalls | null,
): AnswerContent {
  const segments = segmentsOf(raw, end?.finishreason ?? null, calls);
  const textsOf = (type: Segment['type']) =>
    segments.flatMap((segment) => (segment.type === type && 'text' in segment ? segment.text : []));
  const content = { raw, thinking: textsOf('thinking'), answer: textsOf('answer'), segments };
  return end === null ? content : { ...content, ...end };
}

/** Thinking tokens are a part of the completion's. */
export function answerEnd(run: {
  finishReason: FinishReason;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  thinkingTokens: number;
}): AnswerEnd {
  const { promptTokens, completionTokens } = run;
  return {
    finishreason: FINISH_REASONS[run.finishReason],
    usage: {
      input_tokens: promptTokens,
      input_tokens_details: { cached_tokens: run.cachedTokens },
      output_tokens: completionTokens,
      output_tokens_details: { reasoning_tokens: run.thinkingTokens },
      total_tokens: promptTokens + completionTokens,
    },
  };
}

/** The end of an answer as it was stored; null for a row of an older release. */
export function answerEndOf({ finishreason, usage }: Partial<AnswerEnd>): AnswerEnd | null {
  return finishreason === undefined || usage === undefined ? null : { finishreason, usage };
}

/** Whether the text ends within a block of thinking. */
export function isThinking(raw: string, calls: CallFormatName | null): boolean {
  return readAnswer(raw, callFormatOf(calls)).some(
    (part) => part.type === 'thinking' && part.isOpen,
  );
}

/**
 * How many tokens of an answer are thinking. `marks` has the characters and the tokens of the answer
 * after each piece of its text.
 */
export function countThinkingTokens(
  raw: string,
  marks: readonly { characters: number; tokens: number }[],
  calls: CallFormatName | null,
): number {
  let count = 0;
  let mark = 0;
  let before = 0;
  for (const part of readAnswer(raw, callFormatOf(calls))) {
    if (part.type !== 'thinking') continue;
    const { start, end } = part;
    for (; mark < marks.length; mark += 1) {
      const { characters, tokens } = marks[mark] ?? { characters: 0, tokens: 0 };
      if (characters > end) break;
      if (characters > start) count += tokens - before;
      before = tokens;
    }
  }
  return count;
}
