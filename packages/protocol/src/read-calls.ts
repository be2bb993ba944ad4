import { CALL_END, CALL_START, type CallFormat, callMiddle } from './tool-calls.ts';

/** A call as far as it is written. */
export type WrittenCall = { name: string; arguments: string; isWhole: boolean };

/**
 * The calls that begin with the format's mark at `at`, and where the text behind them begins. None where
 * no grammar held the text: it is no call then.
 */
export function readCalls(
  text: string,
  at: number,
  format: CallFormat,
): { calls: WrittenCall[]; end: number } {
  const calls: WrittenCall[] = [];
  for (let position = skip(text, at, format.open); ;) {
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
): { part: WrittenCall; end: number } | null {
  const open = (name: string, given = '') => ({
    part: { name, arguments: given, isWhole: false },
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
    part: { name, arguments: given, isWhole: true },
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
