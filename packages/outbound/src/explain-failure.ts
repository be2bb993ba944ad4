import { OutboundError } from './outbound-error.ts';

/** Node's codes of certificates that are not valid for the name, or not at all. */
const UNTRUSTED =
  /^(?:ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH)/u;

/** What a failure of a call means. A stopped call fails with the reason of its signal. */
export function explainFailure(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof OutboundError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const options = { cause: error };
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new OutboundError('too_large', 'The head of the answer is too large.', options);
  }
  if (code.startsWith('HPE_')) {
    return new OutboundError('malformed', 'The answer is not HTTP.', options);
  }
  if (UNTRUSTED.test(code)) {
    return new OutboundError('untrusted', `The certificate is not trusted (${code}).`, options);
  }
  return new OutboundError('unreachable', `The connection failed (${code || 'broken'}).`, options);
}
