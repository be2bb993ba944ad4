import type { MessagePort } from 'node:worker_threads';

import type { OutputGrammar } from '@runfleet/grammar';

import type { ThreadFailure } from '../to-failure.ts';
import type { Vocabulary } from './vocabulary.ts';

export type GrammarThreadInput = {
  port: MessagePort;
  vocabulary: Vocabulary;
  /** Shared: the path that the thread is working on, or 0. */
  current: Int32Array;
};

/**
 * Messages to the thread. `path` names one answer and is never reused; `step` counts its tokens.
 */
export type GrammarCall =
  | { type: 'open'; path: number; step: number; grammar: OutputGrammar; ids: readonly number[] }
  | { type: 'take'; path: number; step: number; id: number }
  | { type: 'close'; path: number };

/** Messages from the thread: one for each `open` and `take`; those of one path are in order. */
export type GrammarReport =
  | { type: 'ready' }
  | { type: 'mask'; path: number; step: number; mask: Int32Array }
  | { type: 'failed'; path: number; failure: ThreadFailure };
