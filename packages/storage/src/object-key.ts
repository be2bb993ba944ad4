import { ObjectKeyError } from './object-errors.ts';

const KEY_LENGTH_MAX = 512;
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** The segments of a key. Throws ObjectKeyError for a key that a file system could interpret. */
export function splitObjectKey(key: string): string[] {
  const segments = key.split('/');
  if (!isObjectKey(key)) {
    throw new ObjectKeyError(
      `${JSON.stringify(key.slice(0, 80))} is not an object key: use segments of letters, digits, ` +
        `"_", "-" and inner dots, joined by "/", ${KEY_LENGTH_MAX} characters at most.`,
    );
  }
  return segments;
}

export function isKeySegment(text: string): boolean {
  return SEGMENT.test(text);
}

export function isObjectKey(text: string): boolean {
  return text.length <= KEY_LENGTH_MAX && text.split('/').every(isKeySegment);
}
