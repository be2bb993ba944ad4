import type { OutputGrammar } from '@runfleet/grammar';

export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string };

/** One answer to be written. `maxTokens` and `minTokens` count tokens of the answer. */
export type GenerateRequest = {
  messages: readonly ChatMessage[];
  maxTokens: number;
  minTokens: number;
  /** 0 is greedy, like `greedy: true`. */
  temperature: number;
  topP: number;
  /** 0 is off. */
  topK: number;
  /** Drops what is less likely than this share of the likeliest; 0 is off. */
  minP: number;
  /** Divides the logits of what prompt or answer hold; 1 is off. */
  repetitionPenalty: number;
  /** Taken off the logits of what the answer holds, once; 0 is off. */
  presencePenalty: number;
  /** Taken off for each time that the answer holds it; 0 is off. */
  frequencyPenalty: number;
  /** The same seed gives the same text, whatever else runs at the time. */
  seed: bigint;
  greedy: boolean;
  stopSequences: readonly string[];
  /** Tokens that end the answer, besides the model's own. */
  stopTokenIds: readonly number[];
  /** How many of the likeliest tokens to tell of beside each that was chosen; null tells nothing. */
  topLogprobs: number | null;
  /** What the answer must match from its first character to its last; null leaves it free. */
  grammar: OutputGrammar | null;
  /**
   * Only sequences of the same scope share a cached beginning: its time would tell others that the
   * text was there before. Those without a scope share among themselves.
   */
  cacheScope?: string;
};

/** A natural logarithm of the probability that the model itself gave, before all settings. */
export type Logprob = { id: number; token: string; logprob: number };
export type TokenLogprobs = Logprob & { top: Logprob[] };

/** A request that has passed every check that needs no model run. */
export type Prepared = {
  readonly promptIds: readonly number[] | Int32Array;
  readonly request: GenerateRequest;
};

/**
 * `text` is what is new; `tokens` the tokens of the answer so far. `logprobs` are of the tokens
 * since the last chunk, where the request asks for them.
 */
export type OutputChunk = { text: string; tokens: number; logprobs?: readonly TokenLogprobs[] };

/** The id that ends an answer is not counted in `completionTokens`. */
export type GenerateResult = {
  finishReason: 'stop' | 'length';
  promptTokens: number;
  completionTokens: number;
  prefillMs: number;
  decodeMs: number;
  /** How long it missed steps until it was known what its grammar allows, of `prefillMs` and `decodeMs`; where it did. */
  maskWaitMs?: number;
  /** Tokens guessed ahead by prompt lookup, and those of them that were right; where any were. */
  drafts?: { tokens: number; accepted: number };
};

export type EngineInfo = {
  kind: string;
  model: string;
  provider: string;
  /** What the engine runs on. */
  device: string;
  /** For operators: why it is not a better device, or what this one cannot do. Often empty. */
  note: string;
  /** Tokens of prompt and answer together. */
  contextLength: number;
  /** Answers at once: as many as were asked for, or as memory holds. */
  slots: number;
};

export type Engine = AsyncDisposable & {
  readonly info: EngineInfo;
  /** Chat template, tokens, length check. Runs no model. Throws `EngineError('input')` that names the field. */
  prepare(request: GenerateRequest): Promise<Prepared>;
  /**
   * Streams the answer through `onOutput`. Waits where all slots are busy. After an abort it
   * rejects with `signal.reason` at the next step, and by then the slot is free.
   */
  generate(
    prepared: Prepared,
    onOutput: (chunk: OutputChunk) => void,
    signal: AbortSignal,
  ): Promise<GenerateResult>;
};

export type OnnxEngineSpec = {
  kind: 'onnx';
  modelDir: string;
  /** `auto` is the first of cuda, webgpu and cpu that opens. */
  provider: 'auto' | 'cpu' | 'cuda' | 'webgpu';
  /** `stock` is onnxruntime-node's own binding: slower, and a check on the other. Without it `capi` where it loads. */
  runtime?: 'capi' | 'stock';
  /** As many as are wanted; memory may hold fewer. */
  slots: number;
  /** CPU threads of one model run. */
  threads: number;
  /**
   * The most tokens of a prompt and its answer. Past what the model's short rope table holds (4096
   * tokens for Phi-3.5) that costs the cache of a long slot; without it, sequences end there.
   */
  contextLength?: number;
  /**
   * The most tokens to guess ahead while an answer is alone, from what stands before it (prompt
   * lookup). Without it none: a run of several tokens rounds otherwise than one of each, so an
   * answer could depend on its company.
   */
  promptLookupTokens?: number;
};

export type EchoEngineSpec = { kind: 'echo'; slots: number; tokenDelayMs: number };

export type EngineSpec = EchoEngineSpec | OnnxEngineSpec;
