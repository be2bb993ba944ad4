import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

const RETRY_AFTER_SECONDS = '1';

/** Refuses a request, in the envelope, before it reaches the routes, and closes the connection. */
export function writeRefusal(response: ServerResponse, status: number, message: string): void {
  const body = bodyOf(message);
  response.writeHead(status, headersOf(status, body)).end(body);
}

/** The same for bytes that are not a valid request. */
export function endWithRefusal(socket: Duplex, status: number, message: string): void {
  const body = bodyOf(message);
  const lines = Object.entries(headersOf(status, body)).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
}

function headersOf(status: number, body: string): Record<string, string> {
  return {
    'content-length': String(Buffer.byteLength(body)),
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
    ...(status === 429 || status === 503 ? { 'retry-after': RETRY_AFTER_SECONDS } : {}),
  };
}

function bodyOf(message: string): string {
  return JSON.stringify({ errors: [{ code: 0, message }], result: false });
}
