import type { OutputGrammar } from '@runfleet/grammar';

/** What reading a grammar found. */
export type Reading = {
  /** Steps of work, also if it is refused. */
  readonly steps: number;
  /** The field that cannot be enforced, and why; null if the grammar is accepted. */
  readonly refusal: { readonly field: string; readonly problem: string } | null;
};

/** To the thread: a grammar to read. There is one at a time. */
export type GrammarCall = OutputGrammar;

/** From the thread: `ready` once, and then one reading for each grammar. */
export type GrammarReport = 'ready' | Reading;
