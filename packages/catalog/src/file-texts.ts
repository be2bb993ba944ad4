/** The texts of a run's files, as its model reads them. */
import type { ChatMessage } from './read-message.ts';

/** The text of a file that a run gives to its model, and the file's name, which has no line break. */
export type FileText = { readonly name: string; readonly text: string };

/**
 * The messages with the texts before that of the last one, which is a user's: each under its name as a
 * heading, then a line, then what the user wrote. The question comes last, as models expect it, and
 * runs that ask different questions about one file begin with the same tokens.
 */
export function withFileTexts(
  messages: readonly ChatMessage[],
  files: readonly FileText[] | null,
): ChatMessage[] {
  const last = messages.at(-1);
  if (!files || files.length === 0 || last?.role !== 'user') return [...messages];
  const texts = files.map(({ name, text }) => `# ${name}\n\n${text}\n\n`);
  return [
    ...messages.slice(0, -1),
    { ...last, content: `${texts.join('')}---\n\n${last.content}` },
  ];
}
