import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { PacedBytes } from './paced-bytes.ts';

type Exchange = { request: IncomingMessage; response: ServerResponse };
type Turn = { isBusy: boolean; waiting: Exchange[]; bytes: PacedBytes };

/**
 * Passes the requests of each connection to `answer` one after the other. Node's parser emits all
 * pipelined requests at once, although their answers leave in order; so one connection could use as
 * much of this process as it likes. Here, further requests stay unread until the one before is answered.
 */
export function answerInTurn(
  server: Server,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): { isAnswering(socket: Duplex): boolean } {
  const turns = new WeakMap<Duplex, Turn>();

  const start = (turn: Turn, { request, response }: Exchange) => {
    turn.isBusy = true;
    response.on('close', () => {
      // Serve other connections before the next request of this one.
      if (turn.waiting.length > 0 || turn.bytes.isHolding) setImmediate(() => resume(turn));
      else resume(turn);
    });
    answer(request, response);
  };

  const resume = (turn: Turn) => {
    turn.isBusy = false;
    const next = turn.waiting.shift();
    if (next !== undefined) start(turn, next);
    if (turn.waiting.length === 0) turn.bytes.resume();
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
    socket.on('close', () => waiting.splice(0));
  });
  server.on('request', onRequest);
  // `read-body.ts` sends `100 Continue` when it wants the body.
  server.on('checkContinue', onRequest);
  return { isAnswering: (socket) => turns.get(socket)?.isBusy ?? false };
}
