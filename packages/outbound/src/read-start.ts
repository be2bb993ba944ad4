import type { OutboundAnswer } from './outbound-request.ts';

/** Reads at most `bytesMax` bytes of a body, and closes the connection of a longer one. */
export async function readStart(answer: OutboundAnswer, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= bytesMax) break;
  }
  return Buffer.concat(chunks).subarray(0, bytesMax);
}
