import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The answer of a stub's task: quotes, escapes, several bytes a character, and a lone backslash. */
export const STUB_ANSWER = 'It\'s "so":\n\t\\n \\\\ é 漢 😀 %s $HOME \\u0041';
export const STUB_FAILURE = 'The weights are gone.';

/**
 * An api that answers as the contract says, without a broker behind it. The key of a call chooses a
 * fault: `html`, `failed`.
 */
export class StubApi implements AsyncDisposable {
  readonly url: string;
  /** The body of the last Run. */
  body: unknown = null;
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async start(): Promise<StubApi> {
    let stub: StubApi | null = null;
    const server = createServer((request, response) => {
      void (async () => {
        const body = await readJson(request);
        const call = request.url?.replace(/^\/v1\//, '') ?? '';
        const key = request.headers['x-api-key'];
        if (stub && call.startsWith('Run/')) stub.body = body;
        if (key === 'html') return response.writeHead(502).end('<html>Bad gateway</html>');
        return response.end(JSON.stringify(answerTo(call, key === 'failed')));
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    stub = new StubApi(url, () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    });
    return stub;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

const TOKEN = 'eDcCm5yyUfIvMFspTwww49OUfgXkQt';

function answerTo(call: string, isFailed: boolean): object {
  if (call.startsWith('Run/')) {
    return { errors: [], taskid: '2221', socketaccesstoken: TOKEN, result: true };
  }
  const task = {
    id: '2221',
    socketaccesstoken: TOKEN,
    // What a prompt may contain must not be taken for a field of the task.
    parameters: { prompt: '"status":"task_cancel","pexit":"9"' },
    debugoutput: isFailed ? '' : STUB_ANSWER,
    debugerror: isFailed ? STUB_FAILURE : '',
    status: 'task_postprocess_end',
    pexit: isFailed ? '1' : '0',
  };
  return { total: '1', errors: [], tasklist: [task], result: true };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
