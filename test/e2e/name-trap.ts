/** A loopback name server without names: `name-trap.ts <file>` appends a line for every name looked up. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';

const [file = ''] = process.argv.slice(2);
const HEADER_BYTES = 12;
// A response with the code NXDOMAIN.
const FLAGS = 0x8183;

const socket = createSocket('udp4');
socket.on('message', (question, { port, address }) => {
  appendFileSync(file, `${readName(question)}\n`);
  const answer = Buffer.from(question);
  answer.writeUInt16BE(FLAGS, 2);
  socket.send(answer, port, address);
});
socket.bind(53, '127.0.0.1');
await once(socket, 'listening');
appendFileSync(file, '');

function readName(question: Buffer): string {
  const labels: string[] = [];
  for (let at = HEADER_BYTES; ;) {
    const length = question[at] ?? 0;
    if (length === 0) return labels.join('.');
    labels.push(question.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
}
