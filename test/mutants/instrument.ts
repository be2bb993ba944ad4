import type { Mutant } from './find-mutants.ts';

/**
 * The file with all its mutants: each mutated place checks which mutant is active, so that one copy
 * of the program contains all of them. `__mutant` is the id of the active one, 0 for none.
 */
export function instrument(text: string, mutants: readonly Mutant[]): string {
  const places = new Map<string, Mutant[]>();
  for (const mutant of mutants) {
    const key = `${mutant.start}-${mutant.end}`;
    places.set(key, [...(places.get(key) ?? []), mutant]);
  }
  // Outer places before inner ones.
  const ordered = [...places.values()].toSorted(
    ([a], [b]) => (a?.start ?? 0) - (b?.start ?? 0) || (b?.end ?? 0) - (a?.end ?? 0),
  );
  let next = 0;
  const render = (start: number, end: number): string => {
    let written = '';
    let at = start;
    for (let place = ordered[next]; place; place = ordered[next]) {
      const [first] = place;
      if (!first || first.start >= end) break;
      written += text.slice(at, first.start);
      next += 1;
      const original = render(first.start, first.end);
      written += place.reduce(choose, first.isStatement ? original : `(${original})`);
      at = first.end;
    }
    return written + text.slice(at, end);
  };
  return render(0, text.length);
}

/** A statement gets its own block, so that a following `else` still belongs to the original `if`. */
function choose(original: string, { id, to, isStatement }: Mutant): string {
  return isStatement
    ? `{ if (__mutant !== ${id}) { ${original} } }`
    : `(__mutant === ${id} ? (${to}) : ${original})`;
}
