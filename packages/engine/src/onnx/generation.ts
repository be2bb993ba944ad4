import type { GenerateRequest, GenerateResult, OutputChunk, TokenLogprobs } from '../engine.ts';
import type { GrammarService } from '../grammar/grammar-service.ts';
import type { TokenMasks } from '../grammar/token-masks.ts';
import { Sampler } from '../sampling/sampler.ts';
import { TokenOdds } from '../sampling/token-odds.ts';
import { Detokenizer } from '../text/detokenizer.ts';
import { TextStream } from '../text/text-stream.ts';
import type { Tokenizer } from '../text/tokenizer.ts';

export type GenerationRequest = Omit<GenerateRequest, 'messages' | 'tools'> & {
  promptIds: readonly number[] | Int32Array;
};

/**
 * One answer while it is written: chooses the next token, decides what text may be shown and when
 * the answer ends.
 */
export class Generation implements Disposable {
  readonly promptIds: readonly number[] | Int32Array;
  readonly cacheScope: string | undefined;
  readonly #sampler: Sampler;
  readonly #odds: TokenOdds | undefined;
  readonly #masks: TokenMasks | undefined;
  #logprobs: TokenLogprobs[] = [];
  readonly #detokenizer: Detokenizer;
  readonly #stream: TextStream;
  readonly #stopIds: ReadonlySet<number>;
  readonly #tokensMax: number;
  #tokens = 0;
  #nextId = 0;
  #finishReason: GenerateResult['finishReason'] | undefined;

  constructor(
    request: GenerationRequest,
    model: {
      tokenizer: Tokenizer;
      stopIds: ReadonlySet<number>;
      contextLength: number;
      grammars: Pick<GrammarService, 'open'>;
    },
  ) {
    this.promptIds = request.promptIds;
    this.cacheScope = request.cacheScope;
    this.#stopIds = new Set([...model.stopIds, ...request.stopTokenIds]);
    this.#sampler = new Sampler(request, request.promptIds, this.#stopIds);
    if (request.grammar) this.#masks = model.grammars.open(request.grammar);
    if (request.topLogprobs !== null) {
      this.#odds = new TokenOdds(request.topLogprobs, model.tokenizer);
    }
    this.#detokenizer = new Detokenizer(model.tokenizer);
    this.#stream = new TextStream(request);
    this.#tokensMax = Math.min(request.maxTokens, model.contextLength - request.promptIds.length);
  }

  /** Tokens of the answer so far. */
  get tokens(): number {
    return this.#tokens;
  }

  get hasGrammar(): boolean {
    return this.#masks !== undefined;
  }

  /** Whether `take` can choose a token; the grammar's mask may not be ready yet. */
  get isReady(): boolean {
    return this.#masks?.isReady ?? true;
  }

  /** Calls back when `isReady` becomes true. */
  onReady(callback: () => void): void {
    if (this.#masks) this.#masks.onReady = callback;
  }

  /** The token to run next. */
  get nextId(): number {
    return this.#nextId;
  }

  get finishReason(): GenerateResult['finishReason'] | undefined {
    return this.#finishReason;
  }

  /**
   * Takes the logits after the last token; call it only if `isReady`. Returns the text to show now,
   * which is often empty.
   */
  take(logits: Float32Array): OutputChunk {
    this.#odds?.record(logits);
    const id = this.#sampler.next(logits, this.#masks?.next);
    if (this.#stopIds.has(id)) return this.#finish('stop', '');

    this.#tokens += 1;
    this.#nextId = id;
    if (this.#odds) this.#logprobs.push(this.#odds.describe(id));
    const { text, isStopped } = this.#stream.next(this.#detokenizer.next(id), this.#tokens);
    if (isStopped) {
      this.#finishReason = 'stop';
      return this.#chunk(text);
    }
    if (this.#tokens >= this.#tokensMax) return this.#finish('length', text);
    this.#masks?.take(id);
    return this.#chunk(text);
  }

  [Symbol.dispose](): void {
    this.#masks?.close();
  }

  #finish(reason: GenerateResult['finishReason'], text: string): OutputChunk {
    this.#finishReason = reason;
    return this.#chunk(text + this.#stream.end(this.#detokenizer.end()));
  }

  /**
   * Log probabilities wait for the text of their token, which may wait for more bytes or for the
   * end of a stop string.
   */
  #chunk(text: string): OutputChunk {
    const chunk: OutputChunk = { text, tokens: this.#tokens };
    if (this.#logprobs.length === 0 || (text === '' && !this.#finishReason)) return chunk;
    const logprobs = this.#logprobs;
    this.#logprobs = [];
    return { ...chunk, logprobs };
  }
}
