import { refusal } from '../refusal.ts';
import { takeHead } from './take-head.ts';

/**
 * Yields the chunks of `body` while they are text: UTF-8, or UTF-16 with a byte order mark, without
 * NUL. Throws `invalid_request` at the first chunk that is not.
 */
export async function* checkedText(
  shownName: string,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const { head, whole } = await takeHead(body, 2);
  const decoder = new TextDecoder(encodingOf(head), { fatal: true });
  const check = (chunk?: Uint8Array) => {
    if (!isText(decoder, chunk)) {
      throw refusal(
        `${shownName} is not a text file: its content is binary, or in an encoding other than ` +
          'UTF-8, or UTF-16 with a byte order mark. Save it as UTF-8.',
      );
    }
  };
  for await (const chunk of whole) {
    check(chunk);
    yield chunk;
  }
  check();
}

function encodingOf(head: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const mark = (head[0] ?? 0) * 256 + (head[1] ?? 0);
  if (mark === 0xfffe) return 'utf-16le';
  return mark === 0xfeff ? 'utf-16be' : 'utf-8';
}

/** Without a chunk: whether the text may end here. */
function isText(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): boolean {
  try {
    const text = chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    return !text.includes('\0');
  } catch {
    return false;
  }
}
