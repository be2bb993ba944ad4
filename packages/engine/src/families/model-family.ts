import type { TemplateMessage } from '../text/chat-template/template-message.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { SystemTools } from '../text/tools/system-dialect.ts';

/** A part of a prompt: text, or a special token that only the template may write. */
export type ChatPart = { special: string } | { text: string };

/** The sequence lengths that a model's rope tables cover. */
export type ContextLengths = {
  /** Tokens covered by the table for short sequences. */
  shortContextLength: number;
  /** Tokens of prompt and answer together that the model was trained for; memory may hold fewer. */
  contextLength: number;
};

/** Where a family finds the lengths of its rope tables. */
export type LengthSources = {
  /** `config.json`; empty if it is missing. */
  config: Record<string, unknown>;
  /** `model` of `genai_config.json`; empty if it is missing. */
  genaiModel: Record<string, unknown>;
  /**
   * The length after which the graph uses another rope table; null if it never does, undefined if
   * the graph's outline does not show it.
   */
  ropeSwitch: number | null | undefined;
};

/** A template that is written without rendering it, which is faster and gives the same. */
export type PublishedTemplate = {
  /** Its texts in published folders. */
  templates: readonly string[];
  /** Whether a folder without a template is written in this one, by its tokenizer. */
  fits(tokenizer: Tokenizer): boolean;
  /** The prompt, which ends with the start of an answer. */
  partsOf(messages: readonly TemplateMessage[]): ChatPart[];
};

/** What models of one architecture share beyond their graph. */
export type ModelFamily = {
  /** The value of `model_type` in config.json and of `model.type` in genai_config.json. */
  name: string;
  /** The published chat template in TypeScript; other templates are rendered. */
  published?: PublishedTemplate;
  /** How published templates read tools if not from the variable of that name. */
  systemTools?: SystemTools;
  /** Special tokens that end an answer, in addition to those of the configuration. */
  stopTokens: readonly string[];
  /** Throws `EngineError('model')` if the folder does not state them, or contradicts itself. */
  readContextLengths(sources: LengthSources): ContextLengths;
};
