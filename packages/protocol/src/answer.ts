/**
 * An answer's text as clients read it. `segments` is the authority; `thinking` and `answer` are the same
 * texts by kind, for clients that know only those.
 */
import { FINISH_REASONS, type FinishReason } from './outcome.ts';
import type { Segment, Usage, WireFinishReason } from './wire/output-item.ts';

export type AnswerEnd = { finishreason: WireFinishReason; usage: Usage };

export type AnswerContent = Partial<AnswerEnd> & {
  raw: string;
  thinking: string[];
  answer: string[];
  segments: Segment[];
};

/** Further blocks stay in the text of the last segment. */
const THINKING_BLOCKS_MAX = 64;
const OPEN = '<think>';
const CLOSE = '</think>';

/** The one writer of this shape: for frames, event streams and the outputs of a task. */
export function answerContent(raw: string, end: AnswerEnd | null): AnswerContent {
  const segments = segmentsOf(raw);
  const textsOf = (type: Segment['type']) =>
    segments.filter((segment) => segment.type === type).map(({ text }) => text);
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
export function isThinking(raw: string): boolean {
  return thinkingBlocks(raw).at(-1)?.isOpen ?? false;
}

/**
 * How many tokens of an answer are thinking. `marks` has the characters and the tokens of the answer
 * after each piece of its text.
 */
export function countThinkingTokens(
  raw: string,
  marks: readonly { characters: number; tokens: number }[],
): number {
  let count = 0;
  let mark = 0;
  let before = 0;
  for (const { start, end } of thinkingBlocks(raw)) {
    for (; mark < marks.length; mark += 1) {
      const { characters, tokens } = marks[mark] ?? { characters: 0, tokens: 0 };
      if (characters > end) break;
      if (characters > start) count += tokens - before;
      before = tokens;
    }
  }
  return count;
}

/** An answer without thinking is one segment as it is; texts beside thinking lose their outer spaces. */
function segmentsOf(raw: string): Segment[] {
  const blocks = thinkingBlocks(raw);
  if (blocks.length === 0) return [{ type: 'answer', text: raw }];
  const segments: Segment[] = [];
  const addAnswer = (text: string) => {
    if (text !== '') segments.push({ type: 'answer', text });
  };
  let from = 0;
  for (const { start, textStart, textEnd, end } of blocks) {
    addAnswer(raw.slice(from, start).trim());
    segments.push({ type: 'thinking', text: raw.slice(textStart, textEnd).trim() });
    from = end;
  }
  addAnswer(raw.slice(from).trim());
  return segments;
}

type Block = { start: number; textStart: number; textEnd: number; end: number; isOpen: boolean };

function thinkingBlocks(raw: string): Block[] {
  const blocks: Block[] = [];
  for (let from = 0; blocks.length < THINKING_BLOCKS_MAX;) {
    const start = raw.indexOf(OPEN, from);
    if (start < 0) break;
    const textStart = start + OPEN.length;
    const close = raw.indexOf(CLOSE, textStart);
    const isOpen = close < 0;
    const textEnd = isOpen ? raw.length : close;
    const end = isOpen ? raw.length : close + CLOSE.length;
    blocks.push({ start, textStart, textEnd, end, isOpen });
    from = end;
  }
  return blocks;
}
