import { createHmac, timingSafeEqual } from 'node:crypto';

const DIGEST_BYTES = 32;
const NO_DIGEST = Buffer.alloc(DIGEST_BYTES);

/**
 * The wire's signature: lower-case hex of HMAC-SHA256 over secret + nonce, keyed with the API key.
 */
export function signatureOf(request: { apiKey: string; apiSecret: string; nonce: string }): string {
  return createHmac('sha256', request.apiKey)
    .update(request.apiSecret)
    .update(request.nonce)
    .digest('hex');
}

/**
 * Whether `signature`, as sent in a header, is that of this key, secret and nonce. Runs in
 * constant time.
 */
export function isSignatureOf(
  signature: string,
  request: { apiKey: string; apiSecret: string; nonce: string },
): boolean {
  const given = readDigest(signature);
  const expected = createHmac('sha256', request.apiKey)
    .update(request.apiSecret)
    // HTTP decodes headers as Latin-1; these are the bytes that the client signed.
    .update(request.nonce, 'latin1')
    .digest();
  return timingSafeEqual(given ?? NO_DIGEST, expected) && given !== null;
}

/**
 * `openssl dgst` prints `SHA2-256(stdin)= <hex>` (OpenSSL 3) or `(stdin)= <hex>`, and the usual
 * shell sample sends the whole line.
 */
function readDigest(signature: string): Buffer | null {
  const hex = signature.slice(signature.lastIndexOf('=') + 1).trim();
  return /^[0-9a-f]{64}$/i.test(hex) ? Buffer.from(hex, 'hex') : null;
}
