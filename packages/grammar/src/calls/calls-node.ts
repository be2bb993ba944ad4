import { CALL_END, CALL_START, callMiddle, CALLS_MAX } from '@runfleet/protocol';

import { choice, literal, type Node, repeat, sequence } from '../node.ts';
import type { CallsGrammar } from '../output-grammar.ts';
import { textBefore } from './text-before.ts';

/** The answers of a grammar of calls. `argumentsOf` are the arguments of each tool. */
export function callsNode(
  { format, tools, isRequired, isParallel }: CallsGrammar,
  argumentsOf: readonly Node[],
): Node {
  const { mark, open, between, close, isList } = format;
  const head = open + CALL_START;
  const call = sequence(
    choice(
      ...tools.map(({ name }, index) =>
        sequence(literal(name + callMiddle(format)), argumentsOf[index] ?? choice()),
      ),
    ),
    literal(isList ? CALL_END : CALL_END + close),
  );
  const again = sequence(literal(between + (isList ? CALL_START : head)), call);
  const behindMark = sequence(
    literal(head.slice(mark.length)),
    call,
    repeat(again, 0, isParallel ? CALLS_MAX - 1 : 0),
    literal(isList ? close : ''),
  );
  if (isRequired) return sequence(literal(mark), behindMark);
  return textBefore(mark, tools.length > 0 ? behindMark : undefined);
}
