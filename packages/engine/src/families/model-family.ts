import type { ChatMessage } from '../engine.ts';
import type { TokenizerFile } from '../text/tokenizer-file.ts';

/** A piece of a prompt: a special token that only the template may write, or text. */
export type ChatPart = { mark: string } | { text: string };

/** Up to which length a model's rope tables hold. */
export type ContextLengths = {
  /** Tokens up to which the table for short sequences holds. */
  shortContextLength: number;
  /** Tokens of prompt and answer together that the model was trained for; memory may hold fewer. */
  contextLength: number;
};

/** What models of one architecture have in common beyond their graph. */
export type ModelFamily = {
  /** As `model_type` in config.json and `model.type` in genai_config.json name it. */
  name: string;
  /** The chat template. Ends with the mark that asks for an answer. */
  chatParts(messages: readonly ChatMessage[]): ChatPart[];
  /** Special tokens that end an answer, whatever the configuration says. */
  stopMarks: readonly string[];
  /** Throws `EngineError('model')` for a `tokenizer.json` that it would encode differently. */
  parseTokenizer(json: unknown): TokenizerFile;
  /** From `config.json` and from `model` in `genai_config.json`; empty where there is none. */
  readContextLengths(configs: {
    config: Record<string, unknown>;
    genaiModel: Record<string, unknown>;
  }): ContextLengths;
};
