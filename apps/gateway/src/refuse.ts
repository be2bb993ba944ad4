import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

import { ERRORS, type ErrorKind } from '@runfleet/protocol';

/** Answers with the API's error envelope. A request body is not read: the connection closes instead. */
export function refuse(
  response: ServerResponse,
  kind: ErrorKind,
  message: string,
  { status = ERRORS[kind].http, waitMs }: { status?: number; waitMs?: number } = {},
): void {
  const body = JSON.stringify({ result: false, errors: [{ code: ERRORS[kind].code, message }] });
  const headers: OutgoingHttpHeaders = {
    'content-type': 'application/json',
    'access-control-allow-origin': '*',
    ...(waitMs === undefined
      ? {}
      : { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) }),
    ...(response.req.method === 'GET' ? {} : { connection: 'close' }),
  };
  response.writeHead(status, headers);
  response.end(body);
}
