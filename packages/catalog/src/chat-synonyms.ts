import type { ChatParameterName } from './chat-parameter-items.ts';

/** Other names under which published clients send a parameter. */
export const CHAT_SYNONYMS = {
  max_new_tokens: 'max_tokens',
  max_completion_tokens: 'max_tokens',
  maxCompletionTokens: 'max_tokens',
  maxOutputTokens: 'max_tokens',
  min_new_tokens: 'min_tokens',
  topP: 'top_p',
  topK: 'top_k',
  repetitionPenalty: 'repetition_penalty',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  systemInstructions: 'system_prompt',
  system_instructions: 'system_prompt',
  stop: 'stop_sequences',
} as const satisfies Record<string, ChatParameterName>;

/** The names under which a parameter may be sent, its own first. */
export function namesOf(parameter: ChatParameterName): readonly string[] {
  return NAMES.get(parameter) ?? [parameter];
}

const NAMES = new Map<ChatParameterName, string[]>();
for (const [synonym, parameter] of Object.entries(CHAT_SYNONYMS)) {
  NAMES.set(parameter, [...namesOf(parameter), synonym]);
}
