import { setImmediate, setTimeout } from 'node:timers/promises';

import { checkRequest } from '../check-request.ts';
import { mayCall } from '../check-tools.ts';
import { EngineError } from '../engine-error.ts';
import type {
  ChatMessage,
  EchoEngineSpec,
  Engine,
  EngineFacts,
  GenerateRequest,
  GenerateResult,
  OutputChunk,
  Prepared,
} from '../engine.ts';
import { Slots } from '../slots.ts';
import { TextStream } from '../text/text-stream.ts';

const CONTEXT_WORDS = 4096;
/** A last message of this text is answered with all messages before it, so that tests see them. */
const RECALL = 'What was said?';

/**
 * Repeats the last message of the user or of a tool, one word at a time, and starts over while `minTokens` requires
 * more. A token is a word with the white space before it. For tests and benchmarks that need an
 * engine's behaviour without the cost of a model.
 */
export class EchoEngine implements Engine {
  readonly facts: EngineFacts;
  readonly #slots: Slots;
  readonly #tokenDelayMs: number;
  readonly #running = new Set<AbortController>();
  #isClosed = false;

  constructor(spec: EchoEngineSpec) {
    this.#slots = new Slots(spec.slots);
    this.#tokenDelayMs = spec.tokenDelayMs;
    this.facts = {
      kind: 'echo',
      model: 'echo',
      provider: 'none',
      device: 'none',
      note: '',
      isolation: 0,
      contextLength: CONTEXT_WORDS,
      slots: spec.slots,
    };
  }

  async prepare(request: GenerateRequest): Promise<Prepared> {
    checkRequest(request);
    if (request.grammar) {
      throw new EngineError(
        'input',
        'The echo engine does not support grammars: remove response_format and regex.',
      );
    }
    if (mayCall(request) && request.toolChoice !== 'auto') {
      throw new EngineError(
        'input',
        'The echo engine cannot be held to a call: set tool_choice to auto or none.',
      );
    }
    const words = request.messages.reduce(
      (total, { content }) => total + splitWords(content).length,
      0,
    );
    const room = CONTEXT_WORDS - Math.max(1, request.minTokens);
    if (words > room) {
      throw new EngineError(
        'input',
        `The prompt is ${words} words long; at most ${room} fit the context of ${CONTEXT_WORDS}. Shorten it.`,
        { isTooLong: true },
      );
    }
    const promptIds = Array.from({ length: words }, (_, index) => index);
    // It calls a tool if it is told to repeat a call.
    return { promptIds, request, callFormat: mayCall(request) ? 'hermes' : null };
  }

  async generate(
    prepared: Prepared,
    onOutput: (chunk: OutputChunk) => void,
    signal: AbortSignal,
  ): Promise<GenerateResult> {
    signal.throwIfAborted();
    if (this.#isClosed) throw closed();

    const stop = new AbortController();
    const abort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#running.add(stop);
    try {
      const slot = await this.#slots.take(stop.signal);
      try {
        return await this.#speak(prepared, onOutput, stop.signal);
      } finally {
        this.#slots.give(slot);
      }
    } finally {
      this.#running.delete(stop);
      signal.removeEventListener('abort', abort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#running) stop.abort(closed());
  }

  async #speak(
    prepared: Prepared,
    onOutput: (chunk: OutputChunk) => void,
    signal: AbortSignal,
  ): Promise<GenerateResult> {
    const { request, promptIds } = prepared;
    const words = splitWords(lastMessageToRepeat(request));
    const tokensMax = Math.min(request.maxTokens, CONTEXT_WORDS - promptIds.length);
    const wanted = words.length === 0 ? 0 : Math.max(words.length, request.minTokens);
    const stream = new TextStream(request);
    const startedAt = performance.now();
    let finishReason: GenerateResult['finishReason'] = 'stop';
    let tokens = 0;

    while (tokens < wanted) {
      await this.#pause(signal);
      if (tokens === tokensMax) {
        finishReason = 'length';
        break;
      }
      const word = words[tokens % words.length] ?? '';
      const isRepeat = tokens > 0 && tokens % words.length === 0 && !/^\s/u.test(word);
      tokens += 1;
      const { text, isStopped } = stream.next(isRepeat ? ` ${word}` : word, tokens);
      if (text !== '') onOutput({ text, tokens });
      if (isStopped) break;
    }
    const rest = stream.end('');
    if (rest !== '') onOutput({ text: rest, tokens });
    return {
      finishReason,
      promptTokens: promptIds.length,
      cachedTokens: 0,
      completionTokens: tokens,
      prefillMs: 0,
      decodeMs: performance.now() - startedAt,
    };
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (this.#tokenDelayMs === 0) await setImmediate();
    // The timer rejects with its own error, but the caller must get the signal's reason.
    else await setTimeout(this.#tokenDelayMs, undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
  }
}

/** Of the user, or of a tool. */
function lastMessageToRepeat(request: GenerateRequest): string {
  const isRepeated = ({ role }: ChatMessage) => role === 'user' || role === 'tool';
  const { messages } = request;
  const last = messages.findLast(isRepeated)?.content ?? '';
  const text =
    last === RECALL
      ? messages
          .slice(0, -1)
          .map(({ role, content }) => `${role}: ${content}`)
          .join('\n')
      : last;
  // Replaces what a Postgres text cannot store, as the detokeniser does: NUL and lone surrogates.
  return Buffer.from(text).toString().replaceAll('\0', '\uFFFD');
}

function splitWords(text: string): string[] {
  return text.trimEnd().match(/\s+\S*|\S+/gu) ?? [];
}

function closed(): EngineError {
  return new EngineError('infra', 'The engine is closed.');
}
