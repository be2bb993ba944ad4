import type { ToolCall } from '@runfleet/protocol';

/** The tenant's text, or text of the engine, which may hold special tokens. */
export type Piece = string | { readonly own: string };

/** A message as a chat template is given it. */
export type TemplateMessage = {
  readonly role: string;
  readonly content: string | readonly Piece[];
  /** Calls that the template writes itself. */
  readonly toolCalls?: readonly ToolCall[];
  readonly callId?: string;
  readonly name?: string;
  /** The definitions of tools as text, for a template that reads them from a message. */
  readonly tools?: string;
};

/** The content as plain text. */
export function textOf({ content }: Pick<TemplateMessage, 'content'>): string {
  if (typeof content === 'string') return content;
  return content.map((piece) => (typeof piece === 'string' ? piece : piece.own)).join('');
}
