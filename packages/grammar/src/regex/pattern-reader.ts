import { GrammarError } from '../grammar-error.ts';
import type { Work } from '../work.ts';

/** A position in a pattern that advances as the pattern is read. */
export class PatternReader {
  readonly #pattern: string;
  readonly #work: Work;
  /** In UTF-16 units. */
  at = 0;

  constructor(pattern: string, work: Work) {
    this.#pattern = pattern;
    this.#work = work;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#pattern.length;
  }

  isAt(wanted: string): boolean {
    return this.#pattern.startsWith(wanted, this.at);
  }

  take(wanted: string): boolean {
    if (!this.isAt(wanted)) return false;
    this.at += wanted.length;
    return true;
  }

  /** Reads the next code point. */
  next(): number {
    this.#work.spend(1);
    const codePoint = this.#pattern.codePointAt(this.at);
    if (codePoint === undefined)
      throw this.refuse('is not a regular expression: it ends unexpectedly');
    this.at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  /** Reads what a sticky expression matches at this position. */
  takeMatch(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.#pattern)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  /** An error that names the current position. */
  refuse(problem: string): GrammarError {
    const before = Array.from(this.#pattern.slice(0, this.at)).length;
    return new GrammarError(this.#work.field, `${problem} (at character ${before + 1})`);
  }
}
