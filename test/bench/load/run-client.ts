import { createHmac } from 'node:crypto';

import { Pool } from 'undici';

export type Project = { tenant: string; apiKey: string; apiSecret: string };

/** A system's addresses for Runs and frames, and its projects. */
export type Target = { apiUrl: string; socketUrl: string; projects: readonly Project[] };

export const RUN_PATH = '/v1/Run/microsoft/Phi-3.5-mini-instruct';
const ANSWER_MS_MAX = 20_000;
/** Nonces are not stored, so one signature is valid for many calls, and the generator signs once. */
const NONCE = '1700000000000';

/** Sends signed Runs of its projects in turn over persistent connections. */
export class RunClient implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #headers: readonly Record<string, string>[];
  readonly #parameters: Record<string, unknown>;
  #sent = 0;
  /** Runs whose token was received; none may be lost. */
  accepted = 0;

  constructor(target: Target, options: { connections: number; parameters: { prompt: string } }) {
    this.#pool = new Pool(target.apiUrl, {
      connections: options.connections,
      headersTimeout: ANSWER_MS_MAX,
      bodyTimeout: ANSWER_MS_MAX,
    });
    this.#headers = target.projects.map(signedHeaders);
    this.#parameters = options.parameters;
  }

  /** Rejects if the Run is not accepted. */
  async run(): Promise<string> {
    const number = this.#sent++;
    const prompt = `Run ${number}: ${String(this.#parameters['prompt'])}`;
    const { statusCode, body } = await this.#pool.request({
      method: 'POST',
      path: RUN_PATH,
      headers: this.#headers[number % this.#headers.length] ?? {},
      body: JSON.stringify({ ...this.#parameters, prompt }),
    });
    const text = await body.text();
    const answer = JSON.parse(text) as { result: boolean; socketaccesstoken?: string };
    if (statusCode !== 200 || !answer.result || !answer.socketaccesstoken) {
      throw new Error(`A Run was refused with ${statusCode}: ${text}`);
    }
    this.accepted += 1;
    return answer.socketaccesstoken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}

export function signedHeaders({ apiKey, apiSecret }: Project): Record<string, string> {
  const signature = createHmac('sha256', apiKey)
    .update(apiSecret + NONCE)
    .digest('hex');
  return {
    'content-type': 'application/json',
    'x-api-key': apiKey,
    'x-nonce': NONCE,
    'x-signature': signature,
  };
}
