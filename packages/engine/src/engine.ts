import type { OutputGrammar } from '@runfleet/grammar';
import type { CallFormatName, ToolCall, ToolChoice, ToolDefinition } from '@runfleet/protocol';

/** A message of role `tool` is the output of a call of the assistant's message before it. */
export type ChatMessage =
  | { role: 'system' | 'user'; content: string }
  | { role: 'assistant'; content: string; toolCalls?: readonly ToolCall[] }
  | { role: 'tool'; content: string; callId: string; name: string };

/** A request for one answer. `maxTokens` and `minTokens` count tokens of the answer. */
export type GenerateRequest = {
  messages: readonly ChatMessage[];
  maxTokens: number;
  minTokens: number;
  /** 0 is greedy, like `greedy: true`. */
  temperature: number;
  topP: number;
  /** 0 is off. */
  topK: number;
  /** Drops tokens less likely than this share of the likeliest; 0 is off. */
  minP: number;
  /** Divides the logits of tokens in the prompt or the answer; 1 is off. */
  repetitionPenalty: number;
  /** Subtracted once from the logits of tokens in the answer; 0 is off. */
  presencePenalty: number;
  /** Subtracted for each occurrence of a token in the answer; 0 is off. */
  frequencyPenalty: number;
  /** The same seed gives the same text, whatever else runs at the same time. */
  seed: bigint;
  greedy: boolean;
  stopSequences: readonly string[];
  /** Tokens that end the answer, in addition to the model's own. */
  stopTokenIds: readonly number[];
  /**
   * How many of the likeliest tokens to return with each chosen one; null returns no log
   * probabilities.
   */
  topLogprobs: number | null;
  /** What the whole answer must match; null leaves it free. Excludes tools that may be called. */
  grammar: OutputGrammar | null;
  /** The tools that the prompt lists. */
  tools: readonly ToolDefinition[];
  toolChoice: ToolChoice;
  /** Whether one answer may hold several calls. */
  parallelToolCalls: boolean;
  /**
   * Only sequences of the same scope share the cached start of a prompt, because the time saved
   * would reveal to others that the text was there before. Sequences without a scope share with
   * each other.
   */
  cacheScope?: string;
};

/** The natural logarithm of the model's own probability, before all settings. */
export type Logprob = { id: number; token: string; logprob: number };
export type TokenLogprobs = Logprob & { top: Logprob[] };

/** A request that passed every check but that of its grammar, which `generate` refuses. */
export type Prepared = {
  readonly promptIds: readonly number[] | Int32Array;
  /** With the grammar that holds the calls of an answer to its tools. */
  readonly request: GenerateRequest;
  /** How the answer writes calls; null if it may not call a tool. */
  readonly callFormat: CallFormatName | null;
};

/**
 * `text` is the new text, `tokens` the number of tokens of the answer so far. `logprobs` covers the
 * tokens since the last chunk, if the request asks for them.
 */
export type OutputChunk = { text: string; tokens: number; logprobs?: readonly TokenLogprobs[] };

/** `completionTokens` does not include the token that ends an answer. */
export type GenerateResult = {
  finishReason: 'stop' | 'length';
  promptTokens: number;
  /** Tokens of the prompt that a slot's cache held already. */
  cachedTokens: number;
  completionTokens: number;
  prefillMs: number;
  decodeMs: number;
  /**
   * Part of `prefillMs` and `decodeMs`: how long the answer missed steps because its mask was not
   * ready.
   */
  maskWaitMs?: number;
  /**
   * Tokens guessed by prompt lookup, and how many of them were right. Absent if there were none.
   */
  drafts?: { tokens: number; accepted: number };
};

export type EngineFacts = {
  kind: string;
  model: string;
  provider: string;
  /** The hardware that the engine runs on. */
  device: string;
  /** For operators: why a better device is not used, or what this one cannot do. Often empty. */
  note: string;
  /** Tokens of prompt and answer together. */
  contextLength: number;
  /** Answers at the same time: as many as requested, or as memory can hold. */
  slots: number;
  /**
   * How far a logit moved, when the engine was opened, because of another answer beside it: 0 if an
   * answer depends on its request alone.
   */
  isolation: number;
};

export type Engine = AsyncDisposable & {
  readonly facts: EngineFacts;
  /**
   * Applies the chat template, tokenises, and checks the length. Runs no model. Throws
   * `EngineError('input')`, which names the field.
   */
  prepare(request: GenerateRequest): Promise<Prepared>;
  /**
   * Streams the answer through `onOutput`. Waits while all slots are busy. After an abort it
   * rejects with `signal.reason` at the next step; the slot is then free. Throws
   * `EngineError('input')` if the grammar cannot be enforced.
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
  /** The CUDA device that it runs on, as CUDA counts them; the default is 0. */
  deviceIndex?: number;
  /**
   * `stock` is onnxruntime-node's own binding: slower, and used to check the other. The default is
   * `capi` if it loads.
   */
  runtime?: 'capi' | 'stock';
  /** The number of slots wanted; memory may hold fewer. */
  slots: number;
  /** CPU threads of one model run. */
  threads: number;
  /**
   * The maximum tokens of a prompt and its answer. Beyond the model's short rope table (4096 tokens
   * for Phi-3.5) this costs the cache of a long slot. Without it, sequences end at the short table.
   */
  contextLength?: number;
  /**
   * The maximum tokens to guess ahead while an answer runs alone, from the text before it (prompt
   * lookup). The default is none: a run of several tokens rounds differently than single ones, so
   * an answer could depend on whether others run beside it.
   */
  promptLookupTokens?: number;
};

export type EchoEngineSpec = { kind: 'echo'; slots: number; tokenDelayMs: number };

export type EngineSpec = EchoEngineSpec | OnnxEngineSpec;
