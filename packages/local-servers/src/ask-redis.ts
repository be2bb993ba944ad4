import { addAbortSignal } from 'node:stream';

import { connectToServer } from './connect-to-server.ts';
import { addressOf } from './loopback-host.ts';

const ANSWER_MS = 5_000;
const ANSWER_BYTES_MAX = 256 * 1024;

/**
 * Authenticates with the URL's credentials and sends one command; resolves with the answer's text.
 * It implements just enough of the protocol to recognise a Redis, without a client library.
 */
export async function askRedis(url: URL, command: string[]): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const socket = await connectToServer(
    { host: await addressOf(url), port: Number(url.port || 6379) },
    { isTls: url.protocol === 'rediss:', signal },
  );
  // The protocol counts lengths in bytes; in latin1 every byte is a character.
  addAbortSignal(signal, socket).setEncoding('latin1');
  try {
    const commands = [...logIn(url), command];
    socket.write(commands.map(encode).join(''));
    let received = '';
    for await (const chunk of socket) {
      received += String(chunk);
      const answers = parseAnswers(received);
      const failed = answers.find((answer) => answer.isError);
      if (failed) throw new Error(failed.text);
      const last = answers[commands.length - 1];
      if (last) return last.text;
      if (received.length > ANSWER_BYTES_MAX) throw new Error('the answer does not end');
    }
    throw new Error('the connection was closed');
  } finally {
    socket.destroy();
  }
}

function logIn(url: URL): string[][] {
  if (!url.password) return [];
  const password = decodeURIComponent(url.password);
  return [url.username ? ['AUTH', decodeURIComponent(url.username), password] : ['AUTH', password]];
}

function encode(words: string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join('')}`;
}

/** The complete answers in the received text: lines, errors and bulk strings. */
function parseAnswers(received: string): { text: string; isError: boolean }[] {
  const answers: { text: string; isError: boolean }[] = [];
  for (let at = 0; ;) {
    const lineEnd = received.indexOf('\r\n', at);
    if (lineEnd === -1) return answers;
    const line = received.slice(at + 1, lineEnd);
    if (received[at] === '$') {
      const end = lineEnd + 2 + Number(line);
      if (received.length < end + 2) return answers;
      answers.push({ text: received.slice(lineEnd + 2, end), isError: false });
      at = end + 2;
    } else if (received[at] === '+' || received[at] === '-') {
      answers.push({ text: line, isError: received[at] === '-' });
      at = lineEnd + 2;
    } else {
      throw new Error('the server that answers is not Redis');
    }
  }
}
