import type { CallFormatName, ToolDefinition } from '@runfleet/protocol';

import { EngineError } from '../engine-error.ts';
import type { ChatMessage } from '../engine.ts';
import type { ChatPart, ModelFamily, PublishedTemplate } from '../families/model-family.ts';
import { ChatTemplate } from '../text/chat-template/chat-template.ts';
import type { TemplateMessage } from '../text/chat-template/template-message.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { inCallOrder } from '../text/tools/in-call-order.ts';
import { OWN_DIALECT } from '../text/tools/own-dialect.ts';
import type { ToolDialect } from '../text/tools/tool-dialect.ts';
import { findDialect, findTemplateDialect } from './find-dialect.ts';
import { readChatTemplate } from './read-chat-template.ts';

export type Chat = {
  /**
   * The prompt that asks for the next message, and lists these tools. Each rendering of a template
   * may take `renderMsMax`.
   */
  partsOf(
    messages: readonly ChatMessage[],
    tools?: readonly ToolDefinition[],
    renderMsMax?: number,
  ): ChatPart[];
  /** How the model writes calls. */
  callFormat: CallFormatName;
  /** Tokens that end a message of the assistant. */
  endTokens: readonly string[];
};

/** The forms in which published templates write special tokens. */
const LIKE_A_TOKEN = /<[|｜][^\s<>|｜]{1,64}[|｜]>/u;

/**
 * How conversations are written for a model: by its family's own code if its template is the
 * published one, or else by the template of its folder. Throws `EngineError('model')` if there is
 * none, or if it does not fit the tokenizer.
 */
export async function openChat(
  dir: string,
  family: ModelFamily,
  tokenizer: Tokenizer,
): Promise<Chat> {
  const { published } = family;
  const found = await readChatTemplate(dir);
  const isPublished = found
    ? published?.templates.includes(found.source)
    : published?.fits(tokenizer);
  if (published && isPublished) {
    checkTokens(published, family.name, tokenizer);
    return { ...chatIn(OWN_DIALECT, published), endTokens: [] };
  }
  if (!found) {
    throw new EngineError(
      'model',
      `The model folder ${dir} has no chat template. Copy tokenizer_config.json or chat_template.jinja of the model into it.`,
    );
  }

  const { variables, toolSource } = found;
  const options = { variables, addedTokens: tokenizer.addedTokens };
  const template = new ChatTemplate(found.source, options);
  const endTokens = endTokensOf(tryOut(template, dir));
  const chat = chatIn(findDialect(template, family), template);
  const toolChat = toolSource === undefined ? undefined : openToolChat(toolSource, options);
  if (!toolChat) return { ...chat, endTokens };
  return {
    callFormat: toolChat.callFormat,
    partsOf: (messages, tools = []) =>
      (tools.length > 0 ? toolChat : chat).partsOf(messages, tools),
    endTokens,
  };
}

/** Undefined if the template does not write tools itself: the folder is then asked without it. */
function openToolChat(source: string, options: ConstructorParameters<typeof ChatTemplate>[1]) {
  try {
    const template = new ChatTemplate(source, options);
    const dialect = findTemplateDialect(template);
    return dialect && chatIn(dialect, template);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

type Template = {
  partsOf(
    messages: readonly TemplateMessage[],
    tools: readonly ToolDefinition[] | null,
    renderMsMax?: number,
  ): ChatPart[];
};

function chatIn(dialect: ToolDialect, template: Template): Pick<Chat, 'partsOf' | 'callFormat'> {
  return {
    callFormat: dialect.callFormat,
    partsOf(messages, given = [], renderMsMax) {
      const { messages: written, tools } = dialect.write(inCallOrder(messages), given);
      return template.partsOf(written, tools, renderMsMax);
    },
  };
}

/** Without the tokens of its template every request would fail. */
function checkTokens(published: PublishedTemplate, family: string, tokenizer: Tokenizer): void {
  const missing = published
    .partsOf([{ role: 'system', content: 'An instruction.' }, ...CONVERSATION])
    .flatMap((part) => ('special' in part ? part.special : []))
    .filter((token) => !tokenizer.findAdded(token));
  if (missing.length === 0) return;
  throw new EngineError(
    'model',
    `tokenizer.json lacks the special tokens ${[...new Set(missing)].join(' and ')} of the chat template of the family "${family}"; the files belong to different models.`,
  );
}

/** A template that cannot write a plain conversation is the folder's fault and not a request's. */
function tryOut(template: ChatTemplate, dir: string): ChatPart[] {
  const parts = asFolderFault(() => template.partsOf(CONVERSATION));
  const texts = parts.flatMap((part) => ('text' in part ? part.text : []));
  const unknown = texts.flatMap((text) => LIKE_A_TOKEN.exec(text)?.[0] ?? []);
  if (unknown.length > 0) {
    throw new EngineError(
      'model',
      `The chat template of ${dir} writes ${unknown.join(' and ')}, which tokenizer.json lacks; the files belong to different models.`,
    );
  }
  if (CONVERSATION.every(({ content }) => texts.some((text) => text.includes(content)))) {
    return parts;
  }
  throw new EngineError('model', `The chat template of ${dir} leaves out messages.`);
}

function asFolderFault<R>(work: () => R): R {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError('model', error.message, { cause: error });
  }
}

/** The special token after the reply. */
function endTokensOf(parts: readonly ChatPart[]): string[] {
  const reply = parts.findIndex((part) => 'text' in part && part.text.includes(REPLY));
  const next = parts[reply + 1];
  return next && 'special' in next ? [next.special] : [];
}

const REPLY = 'A short reply.';
const CONVERSATION: readonly ChatMessage[] = [
  { role: 'user', content: 'A question?' },
  { role: 'assistant', content: REPLY },
  { role: 'user', content: 'Another question?' },
];
