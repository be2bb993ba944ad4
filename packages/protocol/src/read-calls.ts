import { CALL_END, CALL_START, type CallFormat, callMiddle, CALLS_MAX } from './tool-calls.ts';

/** A piece of an answer: text, or a call as far as it is written. */
export type CallPart =
  | { type: 'text'; text: string }
  | { type: 'call'; name: string; arguments: string; isWhole: boolean };

/**
 * Separates the calls of a text from the text beside them. `isStopped`: the model ended the text. If
 * not, its last characters may be the start of a call, and are left out. Calls beyond `CALLS_MAX` are
 * left out too, and text has no white space around it.
 */
export function readCalls(text: string, format: CallFormat, isStopped: boolean): CallPart[] {
  const { mark } = format;
  const parts: CallPart[] = [];
  let calls = 0;
  const addText = (piece: string) => {
    const trimmed = piece.trim();
    if (trimmed !== '') parts.push({ type: 'text', text: trimmed });
  };

  for (let from = 0; ;) {
    const at = text.indexOf(mark, from);
    if (at < 0) {
      const rest = text.slice(from);
      addText(isStopped ? rest : withoutStart(rest, mark));
      return parts;
    }
    const block = readBlock(text, skip(text, at, format.open), format);
    if (block.calls.length === 0) {
      // No grammar held this text, so this is no call.
      addText(text.slice(from));
      return parts;
    }
    addText(text.slice(from, at));
    for (const call of block.calls) {
      if (calls < CALLS_MAX) parts.push(call);
      calls += 1;
    }
    from = block.end;
  }
}

type Call = Extract<CallPart, { type: 'call' }>;

/** The calls from `at`, behind `open`, and where the text behind them begins. */
function readBlock(text: string, at: number, format: CallFormat): { calls: Call[]; end: number } {
  const calls: Call[] = [];
  for (let position = at; ;) {
    const call = readCall(text, position, format);
    if (call === null) return { calls, end: text.length };
    calls.push(call.part);
    position = call.end;
    const next = format.isList ? skip(text, position, format.between) : position;
    if (next > position) {
      position = next;
      continue;
    }
    position = skip(text, position, format.close);
    return { calls, end: format.isList ? position : skip(text, position, format.between) };
  }
}

/** Null if no call begins here. */
function readCall(
  text: string,
  at: number,
  format: CallFormat,
): { part: Call; end: number } | null {
  const open = (name: string, given = '') => ({
    part: { type: 'call' as const, name, arguments: given, isWhole: false },
    end: text.length,
  });
  const nameStart = skip(text, at, CALL_START);
  if (nameStart === text.length) return open('');
  if (nameStart === at) return null;
  const nameEnd = text.indexOf('"', nameStart);
  if (nameEnd < 0) return open(text.slice(nameStart));
  const name = text.slice(nameStart, nameEnd);
  const start = skip(text, nameEnd, callMiddle(format));
  if (start === text.length) return open(name);
  if (start === nameEnd) return null;
  const end = endOfObject(text, start);
  const given = text.slice(start, end ?? text.length);
  if (end === null || !text.startsWith(CALL_END, end)) return open(name, given);
  return {
    part: { type: 'call', name, arguments: given, isWhole: true },
    end: end + CALL_END.length,
  };
}

/** The position behind `expected`; the text's end if only its beginning is there; `at` if it is not. */
function skip(text: string, at: number, expected: string): number {
  if (text.startsWith(expected, at)) return at + expected.length;
  return expected.startsWith(text.slice(at, at + expected.length)) ? text.length : at;
}

/** The position behind the JSON object from `start`; null if it is not closed. */
function endOfObject(text: string, start: number): number | null {
  let depth = 0;
  let isString = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (isString) {
      if (character === '\\') at += 1;
      else if (character === '"') isString = false;
    } else if (character === '"') {
      isString = true;
    } else if (character === '{' || character === '[') {
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return null;
}

/** The text without an end that may become `mark`. */
function withoutStart(text: string, mark: string): string {
  const longest = Math.min(mark.length - 1, text.length);
  for (let length = longest; length > 0; length -= 1) {
    if (text.endsWith(mark.slice(0, length))) return text.slice(0, -length);
  }
  return text;
}
