const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A call to the system's random source is expensive, so many bytes are read at a time. */
const pool = new Uint8Array(4_096);
let used = pool.length;

/** A byte from the system's random source, which is used only once. */
function randomByte(): number {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const byte = pool[used] ?? 0;
  pool[used++] = 0;
  return byte;
}

/** `length` characters of A-Z, a-z, 0-9 from the system's random source, without modulo bias. */
export function randomAlphanumeric(length: number): string {
  let text = '';
  while (text.length < length) {
    const byte = randomByte();
    if (byte < ALPHANUMERIC.length * 4) text += ALPHANUMERIC[byte % ALPHANUMERIC.length];
  }
  return text;
}

/** Authorises the socket of one task: 30 alphanumerics. */
export const newTaskToken = (): string => randomAlphanumeric(30);
/** Authorises reading one file: 30 alphanumerics. */
export const newFileAccessKey = (): string => randomAlphanumeric(30);
export const newFileId = (): string => crypto.randomUUID().replaceAll('-', '');

export const TASK_TOKEN_PATTERN = /^[A-Za-z0-9]{30}$/;
/** A task id as the wire carries it: a positive decimal below 2^63. */
export const TASK_ID_PATTERN = /^[1-9]\d{0,17}$/;
