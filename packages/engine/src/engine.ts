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
  repetitionPenalty: number;
  /** The same seed gives the same text, whatever else runs at the time. */
  seed: bigint;
  greedy: boolean;
  stopSequences: readonly string[];
};

/** A request that has passed every check that needs no model run. */
export type Prepared = {
  /** The prompt as the chat template writes it, for people to read. */
  readonly promptText: string;
  readonly promptIds: readonly number[] | Int32Array;
  readonly request: GenerateRequest;
};

/** `text` is what is new; `tokens` the tokens of the answer so far. */
export type OutputChunk = { text: string; tokens: number };

/** The id that ends an answer is not counted in `completionTokens`. */
export type GenerateResult = {
  finishReason: 'stop' | 'length';
  promptTokens: number;
  completionTokens: number;
  prefillMs: number;
  decodeMs: number;
};

export type EngineInfo = {
  kind: string;
  model: string;
  provider: string;
  /** What the engine runs on and, where a better provider was wanted, why it is not used. */
  device: string;
  /** Tokens of prompt and answer together. */
  contextLength: number;
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
  /** `auto` is cuda where its library loads, else cpu. */
  provider: 'auto' | 'cpu' | 'cuda' | 'webgpu';
  slots: number;
  /** CPU threads of one model run. */
  threads: number;
};

export type EchoEngineSpec = { kind: 'echo'; slots: number; tokenDelayMs: number };

export type EngineSpec = EchoEngineSpec | OnnxEngineSpec;
