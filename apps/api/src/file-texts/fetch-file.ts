import { OutboundError, type OutboundLimits } from '@runfleet/outbound';

import type { ApiContext, ApiRequest } from '../api-context.ts';
import { holdBytes } from '../http/read-body.ts';
import { FileTextError } from './file-text-error.ts';
import { cleanFileName, type InputFile } from './input-file.ts';

const REDIRECTS_MAX = 3;
const LIMITS: Omit<OutboundLimits, 'bodyBytes'> = {
  connectMs: 5_000,
  headMs: 10_000,
  totalMs: 30_000,
  headBytes: 16_384,
};

/** The file at a public URL. Throws `FileTextError`, and `rate_limited` or `unavailable` for its memory. */
export async function fetchFile(
  ctx: Pick<ApiContext, 'outbound' | 'rates'>,
  c: ApiRequest,
  url: string,
  bytesMax: number,
): Promise<InputFile> {
  ctx.rates.requireCredit(c.var.trace);
  ctx.rates.chargeFetch(c.var.trace);
  try {
    using answer = await ctx.outbound.call({
      method: 'GET',
      url,
      redirectsMax: REDIRECTS_MAX,
      limits: { ...LIMITS, bodyBytes: bytesMax },
    });
    if (answer.status !== 200) throw new FileTextError(`was answered with ${answer.status}`);
    const chunks: Buffer[] = [];
    for await (const chunk of answer.body) {
      holdBytes(c.var.held, chunk.length);
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    ctx.rates.requireBytes(c.var.trace, bytes.length);
    return { name: nameIn(answer.url), bytes };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    const problem = error.message.replace(/\.$/u, '');
    throw new FileTextError(`could not be fetched: ${problem}`, { cause: error });
  }
}

/** The last part of the path. */
function nameIn(url: string): string {
  const { pathname } = new URL(url);
  const last = pathname.split('/').at(-1) ?? '';
  try {
    return cleanFileName(decodeURIComponent(last));
  } catch {
    // It is not percent-encoded text, so it is the name itself.
    return cleanFileName(last);
  }
}
