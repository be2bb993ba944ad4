import { Worker } from 'node:worker_threads';

import { EngineError } from '../engine-error.ts';
import type { GenerateRequest, Prepared } from '../engine.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import { charsOf, preparePrompt } from '../onnx/prepare-prompt.ts';
import type { OpenedModel } from '../onnx/thread-messages.ts';
import { LateTemplateError } from '../text/chat-template/late-template-error.ts';
import { fromFailure } from '../to-failure.ts';
import type { PromptCall, PromptReport, PromptThreadInput } from './thread-messages.ts';

/** A shorter prompt takes a few milliseconds, less than it takes to hand it over on a busy machine. */
const SHORT_CHARS_MAX = 16_384;
/** A published template takes far less for a short conversation. */
const SHORT_RENDER_MS_MAX = 10;

type Waiting = {
  request: GenerateRequest;
  resolve: (prepared: Prepared) => void;
  reject: (error: EngineError) => void;
};

/**
 * Writes prompts: short ones at once, and long ones, and those whose template is slow, in a thread.
 * The thread is started with the first of them and reads the model's folder itself.
 */
export class PromptService implements AsyncDisposable {
  readonly #model: Pick<ModelFolder, 'chat' | 'tokenizer'> & PromptThreadInput['opened'];
  readonly #input: PromptThreadInput;
  readonly #entry: URL;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #lastId = 0;
  #isClosed = false;

  /** The entry is for tests; the default is the real thread. */
  constructor(
    { dir: modelDir, chat, tokenizer }: Pick<ModelFolder, 'dir' | 'chat' | 'tokenizer'>,
    {
      contextLength,
      cacheBytesPerToken,
    }: Pick<OpenedModel, 'contextLength' | 'cacheBytesPerToken'>,
    entry = new URL('./prompt-thread-entry.mjs', import.meta.url),
  ) {
    const opened = { contextLength, cacheBytesPerToken };
    this.#model = { chat, tokenizer, ...opened };
    this.#input = { modelDir, opened };
    this.#entry = entry;
  }

  /** Throws `EngineError('input')` if the prompt does not fit, or the template refuses it. */
  async prepare(request: GenerateRequest): Promise<Prepared> {
    const isLong = charsOf(request) + JSON.stringify(request.tools).length > SHORT_CHARS_MAX;
    if (isLong) return await this.#prepareInThread(request);
    try {
      return await preparePrompt(request, this.#model, SHORT_RENDER_MS_MAX);
    } catch (error) {
      if (!(error instanceof LateTemplateError)) throw error;
      return await this.#prepareInThread(request);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#thread?.terminate();
  }

  async #prepareInThread(request: GenerateRequest): Promise<Prepared> {
    if (this.#isClosed) throw new EngineError('infra', 'The engine is closed.');
    this.#lastId += 1;
    const call: PromptCall = { id: this.#lastId, request };
    return await new Promise((resolve, reject) => {
      this.#waiting.set(call.id, { request, resolve, reject });
      this.#thread ??= this.#start();
      this.#thread.postMessage(call);
    });
  }

  #start(): Worker {
    const thread = new Worker(this.#entry, {
      name: 'prompts',
      workerData: this.#input,
      execArgv: [],
    });
    thread.unref();
    let problem = 'ended';
    thread.on('message', (report: PromptReport) => this.#receive(report));
    thread.on('error', (error) => {
      problem = `failed: ${error.message}`;
    });
    thread.on('exit', () => this.#end(problem));
    return thread;
  }

  #receive(report: PromptReport): void {
    const waiting = this.#waiting.get(report.id);
    this.#waiting.delete(report.id);
    if (!waiting) return;
    if (report.type === 'failed') return waiting.reject(fromFailure(report.failure));
    const { id: _, type: __, grammar, ...prepared } = report;
    waiting.resolve({ ...prepared, request: { ...waiting.request, grammar } });
  }

  /** The next long prompt starts another thread. */
  #end(problem: string): void {
    this.#thread = undefined;
    for (const { reject } of this.#waiting.values()) {
      reject(new EngineError('infra', `The thread that writes prompts ${problem}.`));
    }
    this.#waiting.clear();
  }
}
