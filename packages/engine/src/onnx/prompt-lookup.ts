/** Shorter matches are too common to predict how a text continues. */
const MATCH_TOKENS = 3;

/**
 * Guesses how a text continues: as it did where its last tokens occurred before, the latest
 * occurrence first. At most `most` ids. Answers that quote, summarise or edit their prompt repeat
 * much of it. Source of the method:
 * https://github.com/apoorvumang/prompt-lookup-decoding
 */
export function lookUpNext(ids: readonly number[], most: number): readonly number[] {
  const end = ids.length - MATCH_TOKENS;
  for (let start = end - 1; start >= 0; start -= 1) {
    let same = 0;
    while (same < MATCH_TOKENS && ids[start + same] === ids[end + same]) same += 1;
    if (same === MATCH_TOKENS) return ids.slice(start + same, start + same + most);
  }
  return [];
}
