const encoder = new TextEncoder();
/** Older or newer messages may be repeats of one that was recorded. */
const TOLERANCE_SECONDS = 300;
const PREFIX = 'whsec_';

/** A callback that is not from the server, or not from now. Answer it with 400 or 401. */
export class CallbackVerificationError extends Error {
  override readonly name = 'CallbackVerificationError';
}

/** The headers of a request as Node, Fetch or a framework has them, with names in lower case. */
type CallbackHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Checks the signature of a callback and returns its parsed body: the answer of Task/Detail. `body` is
 * the text exactly as it was received. Throws `CallbackVerificationError`. A callback may come twice;
 * its header `webhook-id` is then the same.
 */
export async function verifyCallback(
  request: { headers: CallbackHeaders; body: string },
  options: { secret: string; now?: () => number },
): Promise<unknown> {
  const { body } = request;
  const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) =>
    readHeader(request.headers, `webhook-${name}`),
  );
  if (!id || !timestamp || !signature) {
    throw new CallbackVerificationError('The callback has no signature.');
  }
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  const now = (options.now?.() ?? Date.now()) / 1_000;
  if (!(Math.abs(now - seconds) <= TOLERANCE_SECONDS)) {
    throw new CallbackVerificationError('The callback is too old, or from the future.');
  }
  const key = await importKey(options.secret);
  const message = encoder.encode(`${id}.${timestamp}.${body}`);
  for (const part of signature.split(' ')) {
    const bytes = part.startsWith('v1,') ? decode(part.slice(3)) : null;
    // It compares in constant time.
    if (bytes && (await crypto.subtle.verify('HMAC', key, bytes, message))) {
      return JSON.parse(body) as unknown;
    }
  }
  throw new CallbackVerificationError('The signature of the callback is wrong.');
}

function readHeader(headers: CallbackHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  return typeof value === 'string' ? value : '';
}

function importKey(secret: string) {
  const bytes = secret.startsWith(PREFIX) ? decode(secret.slice(PREFIX.length)) : null;
  if (bytes === null || bytes.length === 0) {
    throw new TypeError('The secret of callbacks begins with whsec_.');
  }
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ]);
}

/** Null for a text that is not base64. */
function decode(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
