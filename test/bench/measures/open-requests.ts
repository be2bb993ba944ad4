/** Opens as many sync Runs as its first argument says, each on its own connection, and leaves them open. */
import { connect } from 'node:net';

const [count, port] = process.argv.slice(2).map(Number);
const body = JSON.stringify({ prompt: 'say these sixteen words back to me' });
const request = [
  'POST /v1/Run/microsoft/Phi-3.5-mini-instruct/sync HTTP/1.1',
  'host: 127.0.0.1',
  `authorization: ${process.env['AUTHORIZATION'] ?? ''}`,
  'content-type: application/json',
  `content-length: ${body.length}`,
  '',
  body,
].join('\r\n');
for (let index = 0; index < (count ?? 0); index += 1) {
  const socket = connect(port ?? 0, '127.0.0.1', () => socket.write(request));
  // The server ends when it has measured.
  socket.on('error', () => {});
}
process.stdin.on('end', () => process.exit()).resume();
