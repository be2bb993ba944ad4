const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** `length` characters of A-Z, a-z, 0-9 from the system's random source, without modulo bias. */
export function randomAlphanumeric(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length * 2))) {
      if (byte < ALPHANUMERIC.length * 4 && text.length < length) {
        text += ALPHANUMERIC[byte % ALPHANUMERIC.length];
      }
    }
  }
  return text;
}

/** The authority over one task's socket: 30 alphanumerics. */
export const newTaskToken = (): string => randomAlphanumeric(30);
/** The authority to read one file: 30 alphanumerics. */
export const newFileAccessKey = (): string => randomAlphanumeric(30);
export const newFileId = (): string => crypto.randomUUID().replaceAll('-', '');

export const TASK_TOKEN_PATTERN = /^[A-Za-z0-9]{30}$/;
/** A task id as the wire carries it: a positive decimal below 2^63. */
export const TASK_ID_PATTERN = /^[1-9]\d{0,17}$/;
