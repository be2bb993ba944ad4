// Reading a grammar takes up to 100 ms, in which this thread does nothing else.
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';

import { GrammarError, openGrammar, openingWork } from '@runfleet/grammar';

import type { GrammarCall, GrammarReport, Reading } from './thread-messages.ts';

/** Lower priority: the main thread matters more if there are few cores. */
const NICENESS = 10;

// On Linux this changes only the calling thread.
if (process.platform === 'linux') setPriority(NICENESS);

const port = parentPort;
port?.on('message', (grammar: GrammarCall) => send(read(grammar)));
send('ready');

function read(grammar: GrammarCall): Reading {
  const work = openingWork(grammar);
  try {
    openGrammar(grammar, work);
    return { steps: work.spent, refusal: null };
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    return { steps: work.spent, refusal: { field: error.field, problem: error.problem } };
  }
}

function send(report: GrammarReport): void {
  port?.postMessage(report);
}
