/**
 * Separates the texts of an answer, its thinking and its calls. Whatever stands in a block of thinking or
 * in the arguments of a call belongs to it.
 */
import { readCalls, type WrittenCall } from './read-calls.ts';
import { type CallFormat, CALLS_MAX } from './tool-calls.ts';

export type AnswerPart =
  | { type: 'text'; text: string }
  | ThinkingPart
  | ({ type: 'call' } & WrittenCall);

/** A block of thinking, with its marks at `start` and before `end`. */
type ThinkingPart = { type: 'thinking'; text: string; start: number; end: number; isOpen: boolean };

/** Further blocks stay text. */
const THINKING_BLOCKS_MAX = 64;
const THINKING_OPEN = '<think>';
const THINKING_CLOSE = '</think>';

/**
 * `format` is null for an answer without calls. The texts of an answer that has thinking or calls lose
 * their outer spaces. Calls beyond `CALLS_MAX` are left out.
 */
export function readAnswer(raw: string, format: CallFormat | null): AnswerPart[] {
  const parts: AnswerPart[] = [];
  let blocks = 0;
  let calls = 0;
  let from = 0;
  // Where the next of each begins; searched again only behind what was read.
  let thinking = -1;
  let call = -1;
  const addText = (until: number) => {
    const isAll = from === 0 && until === raw.length && format === null;
    const text = isAll ? raw : raw.slice(from, until).trim();
    if (isAll || text !== '') parts.push({ type: 'text', text });
  };

  for (;;) {
    if (thinking < from) thinking = indexOf(raw, THINKING_OPEN, from);
    if (blocks === THINKING_BLOCKS_MAX) thinking = raw.length;
    if (call < from) call = format === null ? raw.length : indexOf(raw, format.mark, from);
    if (format !== null && call < thinking) {
      const written = readCalls(raw, call, format);
      if (written.calls.length === 0) break;
      addText(call);
      for (const one of written.calls) {
        if (calls < CALLS_MAX) parts.push({ type: 'call', ...one });
        calls += 1;
      }
      from = written.end;
    } else if (thinking < raw.length) {
      addText(thinking);
      const block = readThinking(raw, thinking);
      parts.push(block);
      blocks += 1;
      from = block.end;
    } else {
      break;
    }
  }
  addText(raw.length);
  return parts;
}

/**
 * The beginning of a growing answer that has its parts already. What follows can be the start of a mark,
 * and is then no text.
 */
export function withoutOpenMark(raw: string, format: CallFormat, hasThinking: boolean): string {
  const marks = hasThinking ? [THINKING_OPEN, THINKING_CLOSE, format.mark] : [format.mark];
  const longest = Math.max(...marks.map(({ length }) => length)) - 1;
  for (let length = Math.min(longest, raw.length); length > 0; length -= 1) {
    const end = raw.slice(-length);
    if (marks.some((mark) => mark.length > length && mark.startsWith(end))) {
      return raw.slice(0, -length);
    }
  }
  return raw;
}

function readThinking(raw: string, start: number): ThinkingPart {
  const textStart = start + THINKING_OPEN.length;
  const close = indexOf(raw, THINKING_CLOSE, textStart);
  const isOpen = close === raw.length;
  const end = isOpen ? raw.length : close + THINKING_CLOSE.length;
  return { type: 'thinking', text: raw.slice(textStart, close).trim(), start, end, isOpen };
}

/** The text's length if it is not there. */
function indexOf(text: string, part: string, from: number): number {
  const at = text.indexOf(part, from);
  return at < 0 ? text.length : at;
}
