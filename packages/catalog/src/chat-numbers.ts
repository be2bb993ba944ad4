/**
 * The numeric parameters of a chat request. The catalogue, the API's validation and the engine derive
 * from this table, so that none accepts what the next refuses.
 */
export type ChatNumber = {
  readonly min: number;
  readonly max: number;
  /** A step of 1 allows only integers. */
  readonly step: number;
  /** The default, as the catalogue writes it. */
  readonly fallback: string;
  /**
   * The values that published clients send for "not used", and what they mean: by default, the
   * fallback.
   */
  readonly off?: { readonly given: readonly number[]; readonly means?: number };
};

const TOKENS_MAX = 131_072;

export const CHAT_NUMBERS = {
  temperature: { min: 0, max: 5, step: 0.05, fallback: '0.7' },
  top_p: { min: 0, max: 1, step: 0.01, fallback: '0.95', off: { given: [0], means: 1 } },
  top_k: { min: 0, max: 1000, step: 1, fallback: '0', off: { given: [0, -1], means: 0 } },
  min_p: { min: 0, max: 1, step: 0.01, fallback: '0' },
  repetition_penalty: {
    min: 0.1,
    max: 10,
    step: 0.05,
    fallback: '1.0',
    off: { given: [0], means: 1 },
  },
  presence_penalty: { min: -2, max: 2, step: 0.1, fallback: '0', off: { given: [0], means: 0 } },
  frequency_penalty: { min: -2, max: 2, step: 0.1, fallback: '0', off: { given: [0], means: 0 } },
  max_tokens: { min: 0, max: TOKENS_MAX, step: 1, fallback: '0', off: { given: [0], means: 0 } },
  min_tokens: {
    min: 0,
    max: TOKENS_MAX,
    step: 1,
    fallback: '0',
    off: { given: [0, -1], means: 0 },
  },
  top_logprobs: { min: 0, max: 20, step: 1, fallback: '0' },
  seed: { min: 0, max: Number.MAX_SAFE_INTEGER, step: 1, fallback: '', off: { given: [-1] } },
  timeout: { min: 1, max: 86_400, step: 1, fallback: '300', off: { given: [0] } },
} as const satisfies Record<string, ChatNumber>;

export type ChatNumberName = keyof typeof CHAT_NUMBERS;

/**
 * How many messages, stop sequences, ids and files a request may have, and how long a stop sequence
 * may be.
 */
export const CHAT_SIZES = {
  messages: 256,
  stopSequences: 16,
  stopSequenceCharacters: 256,
  stopTokenIds: 64,
  stopTokenId: 2 ** 24,
  files: 10,
} as const;
