import { type CallFormat, type ToolCall, writeCalls } from '@runfleet/protocol';

import type { Piece } from '../chat-template/template-message.ts';

/** A text and calls as the model wrote them: the names and arguments are the tenant's text. */
export function callPieces(
  content: string,
  calls: readonly ToolCall[],
  format: CallFormat,
): readonly Piece[] {
  // A private character stands for each text of the tenant, which so cannot be mistaken for syntax.
  const frame = writeCalls(
    calls.map(() => ({ name: HOLE, arguments: HOLE })),
    format,
  ).split(HOLE);
  const given = calls.flatMap((call) => [call.name, call.arguments]);
  return [
    content,
    ...(content === '' ? [] : [{ own: '\n' }]),
    ...frame.flatMap((own, at): Piece[] => [{ own }, ...given.slice(at, at + 1)]),
  ];
}

const HOLE = '\uE000';
