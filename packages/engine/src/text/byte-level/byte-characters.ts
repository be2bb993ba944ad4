/**
 * The character that stands for each byte in a byte-level vocabulary, as GPT-2 chose them: a
 * printable byte of Latin-1 is its own character, the others are U+0100 and following.
 */
export const BYTE_CHARACTERS: readonly string[] = writeCharacters();

const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = new Map(
  BYTE_CHARACTERS.map((character, byte) => [character, byte]),
);

/** The bytes of a token; the text itself if it is not written in byte characters. */
export function bytesOfCharacters(token: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = BYTE_OF_CHARACTER.get(character);
    if (byte === undefined) return Buffer.from(token);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

function writeCharacters(): string[] {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(isPrintable ? byte : 0x100 + others++);
  });
}
