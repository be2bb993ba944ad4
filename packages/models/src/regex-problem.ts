/** What looks at its surroundings or at an earlier match, which no answer can be held to token by token. */
const UNSUPPORTED = /(?<!\\)(?:\\\\)*(\(\?<?[=!]|\\[bBkpP1-9])/u;

/** Why a text cannot serve as a pattern of an answer, or null. It is only parsed here, never run. */
export function regexProblem(pattern: string): string | null {
  try {
    RegExp(pattern);
  } catch {
    return 'is not a regular expression';
  }
  const part = UNSUPPORTED.exec(pattern)?.[1];
  return part === undefined ? null : `may not use ${part}`;
}
