import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { PacedBytes } from './paced-bytes.ts';

type Exchange = { request: IncomingMessage; response: ServerResponse };
type Turn = { isBusy: boolean; waiting: Exchange[]; bytes: PacedBytes };

/**
 * Hands requests to `answer`, of each connection one after the other. Node's parser gives out at once
 * whatever a client has written ahead, though answers leave in that order anyway; so one connection
 * would have as much of this process as it likes. Here the rest stays unread until its turn comes.
 */
export function answerInTurn(
  server: Server,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): { isAnswering(socket: Duplex): boolean } {
  const turns = new WeakMap<Duplex, Turn>();

  const start = (turn: Turn, { request, response }: Exchange) => {
    turn.isBusy = true;
    response.once('close', () => {
      // Other connections have their turn before this one's next request.
      if (turn.waiting.length > 0 || turn.bytes.isHolding) setImmediate(() => goOn(turn));
      else goOn(turn);
    });
    answer(request, response);
  };

  const goOn = (turn: Turn) => {
    turn.isBusy = false;
    const next = turn.waiting.shift();
    if (next !== undefined) start(turn, next);
    if (turn.waiting.length === 0) turn.bytes.goOn();
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const turn = turns.get(request.socket);
    if (turn === undefined) return void request.socket.destroy();
    if (turn.isBusy) turn.waiting.push({ request, response });
    else start(turn, { request, response });
  };

  server.on('connection', (socket: Socket) => {
    const waiting: Exchange[] = [];
    const bytes = new PacedBytes(socket, () => waiting.length === 0);
    turns.set(socket, { isBusy: false, waiting, bytes });
    socket.once('close', () => waiting.splice(0));
  });
  server.on('request', onRequest);
  // The body's reader says when to go on (see `read-body.ts`).
  server.on('checkContinue', onRequest);
  return { isAnswering: (socket) => turns.get(socket)?.isBusy ?? false };
}
