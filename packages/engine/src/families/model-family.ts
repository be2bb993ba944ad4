import type { ChatMessage } from '../engine.ts';
import type { TokenizerFile } from '../text/tokenizer-file.ts';

/** A part of a prompt: text, or a special token that only the template may write. */
export type ChatPart = { special: string } | { text: string };

/** The sequence lengths that a model's rope tables cover. */
export type ContextLengths = {
  /** Tokens covered by the table for short sequences. */
  shortContextLength: number;
  /** Tokens of prompt and answer together that the model was trained for; memory may hold fewer. */
  contextLength: number;
};

/** What models of one architecture share beyond their graph. */
export type ModelFamily = {
  /** The value of `model_type` in config.json and of `model.type` in genai_config.json. */
  name: string;
  /** The chat template. It ends with the token that starts an answer. */
  chatParts(messages: readonly ChatMessage[]): ChatPart[];
  /** Special tokens that end an answer, in addition to those of the configuration. */
  stopTokens: readonly string[];
  /** Throws `EngineError('model')` for a `tokenizer.json` that it would encode differently. */
  parseTokenizer(json: unknown): TokenizerFile;
  /** From `config.json` and `model` of `genai_config.json`; each is empty if it is missing. */
  readContextLengths(configs: {
    config: Record<string, unknown>;
    genaiModel: Record<string, unknown>;
  }): ContextLengths;
};
