import type { CallFormatName, ToolDefinition } from '@runfleet/protocol';

import type { ChatMessage } from '../../engine.ts';
import type { TemplateMessage } from '../chat-template/template-message.ts';

/** What a template is given: messages, and the definitions that it lists itself. */
type WrittenTools = {
  messages: readonly TemplateMessage[];
  tools: readonly ToolDefinition[] | null;
};

/** How tools, their calls and outputs are written for a model. */
export type ToolDialect = {
  /** How the model writes calls. */
  callFormat: CallFormatName;
  write(messages: readonly ChatMessage[], tools: readonly ToolDefinition[]): WrittenTools;
};
