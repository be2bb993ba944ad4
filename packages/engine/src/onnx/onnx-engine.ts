import '../runtime/turn-off-telemetry.ts';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { checkRequest } from '../check-request.ts';
import { EngineError } from '../engine-error.ts';
import type {
  Engine,
  EngineFacts,
  GenerateRequest,
  GenerateResult,
  OnnxEngineSpec,
  OutputChunk,
  Prepared,
} from '../engine.ts';
import { type ModelFolder, readModelFolder } from '../folder/model-folder.ts';
import { PromptService } from '../prompt/prompt-service.ts';
import { fromFailure } from '../to-failure.ts';
import type {
  OpenedModel,
  ThreadCall,
  ThreadEnd,
  ThreadInput,
  ThreadReport,
} from './thread-messages.ts';

const CLOSE_TIMEOUT_MS = 5_000;
const ENDED_THREAD_ID = -1;

type Pending = {
  onOutput: (chunk: OutputChunk) => void;
  settle: (end: ThreadEnd | EngineError) => void;
  /** Set when nothing more may be shown: after an abort, or a callback that threw. */
  stopped: { reason: unknown } | undefined;
};

/**
 * The main thread's half of the onnx engine. Short prompts are written here, because that takes
 * microseconds and need not wait for a model run, and others in a thread of their own; the engine's
 * thread does everything that touches the graph.
 */
export class OnnxEngine implements Engine {
  readonly facts: EngineFacts;
  readonly #prompts: PromptService;
  readonly #thread: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #failure: EngineError | undefined;
  #closing: Promise<void> | undefined;

  constructor(thread: Worker, folder: ModelFolder, opened: OpenedModel) {
    this.#thread = thread;
    this.#prompts = new PromptService(folder, opened);
    this.facts = {
      kind: 'onnx',
      model: folder.name,
      provider: opened.provider,
      device: opened.device,
      note: opened.note,
      contextLength: opened.contextLength,
      slots: opened.slots,
      isolation: opened.isolation,
    };
    thread.on('message', (report: ThreadReport) => this.#receive(report));
    thread.on('error', (error) => this.#break(`crashed: ${error.message}`, error));
    thread.on('exit', (code) => this.#break(`ended with exit code ${code}`));
    // The thread may have ended between its first message and these listeners.
    if (thread.threadId === ENDED_THREAD_ID) this.#break('ended');
  }

  async prepare(request: GenerateRequest): Promise<Prepared> {
    checkRequest(request);
    return this.#prompts.prepare(request);
  }

  async generate(
    prepared: Prepared,
    onOutput: (chunk: OutputChunk) => void,
    signal: AbortSignal,
  ): Promise<GenerateResult> {
    signal.throwIfAborted();
    if (this.#failure) throw this.#failure;

    const { messages: _, tools: __, ...request } = prepared.request;
    this.#lastId += 1;
    const id = this.#lastId;
    return await new Promise<GenerateResult>((resolve, reject) => {
      const abort = () => this.#stop(id, signal.reason);
      const settle = (end: ThreadEnd | EngineError) => {
        signal.removeEventListener('abort', abort);
        this.#pending.delete(id);
        if (end instanceof EngineError) reject(pending.stopped ? pending.stopped.reason : end);
        else if (pending.stopped) reject(pending.stopped.reason);
        else if (end.type === 'finished') resolve(end.result);
        else reject(end.type === 'failed' ? fromFailure(end.failure) : closed());
      };
      const pending: Pending = { onOutput, settle, stopped: undefined };
      this.#pending.set(id, pending);
      signal.addEventListener('abort', abort, { once: true });
      this.#call({ type: 'generate', id, request: { ...request, promptIds: prepared.promptIds } });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#prompts[Symbol.asyncDispose]();
    if (this.#failure) return;
    this.#failure = closed();
    const exited = once(this.#thread, 'exit');
    this.#call({ type: 'close' });
    const timer = setTimeout(() => void this.#thread.terminate(), CLOSE_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }

  #receive(report: ThreadReport): void {
    if (report.type !== 'progress') return;
    for (const { id, ...chunk } of report.outputs) {
      const pending = this.#pending.get(id);
      if (!pending || pending.stopped) continue;
      try {
        pending.onOutput(chunk);
      } catch (error) {
        this.#stop(id, error);
      }
    }
    for (const end of report.ends) this.#pending.get(end.id)?.settle(end);
  }

  /** The caller is answered once the thread reports that the slot is free. */
  #stop(id: number, reason: unknown): void {
    const pending = this.#pending.get(id);
    if (!pending || pending.stopped) return;
    pending.stopped = { reason };
    this.#call({ type: 'abort', id });
  }

  #break(problem: string, cause?: unknown): void {
    this.#failure ??= new EngineError(
      'infra',
      `The engine's thread ${problem}. Open the engine again.`,
      { cause },
    );
    for (const pending of this.#pending.values()) pending.settle(this.#failure);
  }

  #call(call: ThreadCall): void {
    this.#thread.postMessage(call);
  }
}

/** Loads the folder here and in a new thread. Throws `EngineError` if either fails. */
export async function openOnnxEngine(spec: OnnxEngineSpec): Promise<Engine> {
  for (const name of ['threads', 'slots'] as const) {
    if (Number.isSafeInteger(spec[name]) && spec[name] >= 1) continue;
    throw new EngineError(
      'infra',
      `${name} must be a whole number of 1 or more, not ${spec[name]}.`,
    );
  }
  const thread = new Worker(new URL('./engine-thread-entry.mjs', import.meta.url), {
    name: 'engine',
    workerData: spec satisfies ThreadInput,
    // The main program's flags do not apply to this thread, which brings its own loader.
    execArgv: [],
  });
  return await openInThread(thread, spec.modelDir);
}

/**
 * The engine of a thread that loads the same folder. Throws `EngineError` if either fails, and ends
 * the thread.
 */
export async function openInThread(thread: Worker, modelDir: string): Promise<Engine> {
  const opening = waitUntilOpen(thread);
  try {
    const [folder, opened] = await Promise.all([readModelFolder(modelDir), opening]);
    return new OnnxEngine(thread, folder, opened);
  } catch (error) {
    await thread.terminate();
    throw error;
  }
}

async function waitUntilOpen(thread: Worker): Promise<OpenedModel> {
  return await new Promise((resolve, reject) => {
    const fail = (problem: string, cause?: unknown) =>
      reject(new EngineError('infra', `The engine's thread ${problem} while loading.`, { cause }));
    thread.on('error', (error) => fail(`crashed (${error.message})`, error));
    thread.on('exit', (code) => fail(`ended with exit code ${code}`));
    thread.once('message', (report: ThreadReport) => {
      if (report.type === 'opened') resolve(report);
      else if (report.type === 'refused') reject(fromFailure(report.failure));
      else fail('sent an unexpected message');
    });
  });
}

function closed(): EngineError {
  return new EngineError('infra', 'The engine is closed.');
}
