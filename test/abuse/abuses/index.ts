import type { Abuse } from '../abuse.ts';
import { costlyGrammar } from './costly-grammar.ts';
import { killedLabels } from './killed-labels.ts';
import { largeAnswers } from './large-answers.ts';
import { largeBodies } from './large-bodies.ts';
import { longNumber } from './long-number.ts';
import { manyLabels } from './many-labels.ts';
import { pipelined } from './pipelined.ts';
import { refusedGrammars } from './refused-grammars.ts';
import { signInGuesses } from './sign-in-guesses.ts';
import { silentSockets } from './silent-sockets.ts';
import { slowReaders } from './slow-readers.ts';
import { tokenGuesses } from './token-guesses.ts';
import { unreadParameter } from './unread-parameter.ts';
import { widePattern } from './wide-pattern.ts';

/** All abuses, in the order in which they are inflicted. */
export const ABUSES: readonly Abuse[] = [
  longNumber,
  unreadParameter,
  largeBodies,
  largeAnswers,
  pipelined,
  silentSockets,
  tokenGuesses,
  slowReaders,
  signInGuesses,
  manyLabels,
  killedLabels,
  widePattern,
  costlyGrammar,
  refusedGrammars,
];
