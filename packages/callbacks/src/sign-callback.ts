import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** The headers of Standard Webhooks. The signature has one part for each secret; none without a secret. */
export function signCallback(
  message: { id: string; timestamp: number; body: string },
  secrets: readonly string[],
): Record<string, string> {
  const { id, timestamp, body } = message;
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  };
}

export function formatSecret(bytes: Buffer): string {
  return PREFIX + bytes.toString('base64');
}
