import { type TemplateMessage, textOf } from '../../text/chat-template/template-message.ts';
import type { ChatPart } from '../model-family.ts';

const ROLE_TOKENS = { system: '<|system|>', user: '<|user|>', assistant: '<|assistant|>' } as const;
type Role = keyof typeof ROLE_TOKENS;
const END_TOKEN = '<|end|>';

/**
 * The tokens that end an answer: the end of its message, the start of another message, the end of
 * the text.
 */
export const STOP_TOKENS: readonly string[] = [END_TOKEN, ROLE_TOKENS.assistant, '<|endoftext|>'];

const MESSAGES = [
  "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}",
  "{{'<|system|>\n' + message['content'] + '<|end|>\n'}}",
  "{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}",
  "{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}",
  "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}",
].join('');

/** The chat template of Phi-3.5 as published in `tokenizer_config.json`; the last part varies. */
export const CHAT_TEMPLATES: readonly string[] = [
  `${MESSAGES}{% else %}{{ eos_token }}{% endif %}`,
  `${MESSAGES}{% endif %}`,
];

/** What these templates write for a prompt. */
export function chatParts(messages: readonly TemplateMessage[]): ChatPart[] {
  const parts: ChatPart[] = [];
  for (const message of messages) {
    const { role } = message;
    const text = textOf(message);
    if (!isRole(role) || (role === 'system' && text === '')) continue;
    parts.push(
      { special: ROLE_TOKENS[role] },
      { text: `\n${text}` },
      { special: END_TOKEN },
      { text: '\n' },
    );
  }
  parts.push({ special: ROLE_TOKENS.assistant }, { text: '\n' });
  return parts;
}

function isRole(role: string): role is Role {
  return Object.hasOwn(ROLE_TOKENS, role);
}
