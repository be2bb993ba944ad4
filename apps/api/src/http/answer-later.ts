import type { IncomingMessage, ServerResponse } from 'node:http';

import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';

import type { PlainAnswer } from './answer.ts';

/**
 * The answer of a call that takes long. The call returns a placeholder, so that its context, its request
 * and the frames of its middleware are freed: a wait of minutes holds half as much memory.
 */
const LATER = new WeakMap<Response, Promise<PlainAnswer>>();

/** A placeholder for an answer that never rejects. */
export function answerLater(answer: Promise<PlainAnswer>): Response {
  const placeholder = new Response(null);
  LATER.set(placeholder, answer);
  return placeholder;
}

/** What a placeholder stands for. */
export function laterAnswer(response: Response): Promise<PlainAnswer> | undefined {
  return LATER.get(response);
}

/** Sends what a placeholder stands for once it is known; returns what the listener is to send now. */
export function sendLater(
  response: Response,
  { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
  onSent: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
): Response {
  const later = LATER.get(response);
  if (later === undefined) return response;
  void later.then(({ text, status, headers }) => {
    if (outgoing.destroyed) return;
    outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
    outgoing.end(text);
    onSent(incoming, outgoing);
  });
  return RESPONSE_ALREADY_SENT;
}
