/**
 * A text in Unicode's form NFC, in steps. The platform sorts a run of combining marks by insertion,
 * which takes minutes for a run of a million, so a long run is sorted before.
 */
export function* composeInSteps(text: string): Generator<undefined, string> {
  if (/^[\0-\u02FF]*$/u.test(text)) return text;
  const parts: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = start + STEP_UNITS;
    while (end < text.length && !neverJoins(text.codePointAt(end) ?? 0)) {
      end += 1;
      if ((end - start) % STEP_UNITS === 0) yield;
    }
    const part = text.slice(start, end);
    const sorted: string = LONG_RUN.test(part) ? yield* sortMarksInSteps(part) : part;
    parts.push(sorted.normalize('NFC'));
    start = end;
    yield;
  }
  return parts.join('');
}

/** Characters composed between two yields, at least. */
const STEP_UNITS = 4_096;
/**
 * Characters that NFC never joins to what is before them: no marks, no vowels and finals of Hangul,
 * and not the planes where some letters join.
 */
const NEVER_JOINS = /[^\p{M}\p{Cs}\u1100-\u11FF\uD7B0-\uD7FF\u{10000}-\u{1EFFF}]/u;
const MARKS_MAX = 32;
const LONG_RUN = new RegExp(`\\p{M}{${MARKS_MAX + 1}}`, 'u');

function neverJoins(codePoint: number): boolean {
  return NEVER_JOINS.test(String.fromCodePoint(codePoint));
}

function* sortMarksInSteps(text: string): Generator<undefined, string> {
  const sorted: string[] = [];
  /** The marks of the current run by their rank. */
  const run: string[][] = [];
  let work = 0;
  const endRun = () => {
    for (const marks of run) if (marks) sorted.push(marks.join(''));
    run.length = 0;
  };
  for (const written of text) {
    if ((work += 1) % STEP_UNITS === 0) yield;
    for (const character of /\p{M}/u.test(written) ? written.normalize('NFD') : written) {
      const rank = markRanks().get(character);
      if (rank === undefined) {
        endRun();
        sorted.push(character);
      } else {
        (run[rank] ??= []).push(character);
      }
    }
  }
  endRun();
  return sorted.join('');
}

let ranks: ReadonlyMap<string, number> | undefined;

/** The place of each mark that is sorted; marks of one place keep their order. */
function markRanks(): ReadonlyMap<string, number> {
  return (ranks ??= rankMarks());
}

function rankMarks(): Map<string, number> {
  const marks: string[] = [];
  for (let code = 0x3_00; code < MARKS_END; code += 1) {
    const mark = String.fromCodePoint(code);
    if (!/^\p{M}$/u.test(mark) || mark.normalize('NFD') !== mark) continue;
    if (mark === LAST_MARK || isSwapped(LAST_MARK, mark)) marks.push(mark);
  }
  marks.sort((left, right) => Number(isSwapped(left, right)) - Number(isSwapped(right, left)));
  let rank = 0;
  return new Map(
    marks.map((mark, at) => {
      if (at > 0 && isSwapped(mark, marks[at - 1] ?? '')) rank += 1;
      return [mark, rank];
    }),
  );
}

/** No mark is sorted after this one. */
const LAST_MARK = '\u0345';
/** Unicode has no mark that is sorted from here on. */
const MARKS_END = 0x2_00_00;

function isSwapped(left: string, right: string): boolean {
  return (left + right).normalize('NFD') === right + left && left !== right;
}
