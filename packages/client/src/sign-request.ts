const encoder = new TextEncoder();

/** The headers that sign a call: HMAC-SHA256 over secret and nonce, with the key as its key. */
export async function signRequest(
  project: { apiKey: string; apiSecret: string },
  nonce: string,
): Promise<Record<string, string>> {
  const key = await crypto.subtle.importKey(
    'raw',
    encoder.encode(project.apiKey),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const digest = await crypto.subtle.sign('HMAC', key, encoder.encode(project.apiSecret + nonce));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0'));
  return { 'x-api-key': project.apiKey, 'x-nonce': nonce, 'x-signature': hex.join('') };
}
