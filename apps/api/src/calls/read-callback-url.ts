import type { BlockList } from 'node:net';

import { isBlank } from '@runfleet/catalog';
import { OutboundError, parseOutboundUrl } from '@runfleet/outbound';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

/** The address of a Run's callback; null if it gives none. Throws `invalid_request`. */
export function readOptionalCallbackUrl(
  given: unknown,
  openNetworks: BlockList | null,
): URL | null {
  return isBlank(given) ? null : readUrl(given, 'callbackUrl', openNetworks);
}

/** An address to call, in the parameter of that name. Throws `invalid_request`. */
export function readCallbackUrl(given: unknown, name: string, openNetworks: BlockList | null): URL {
  if (isBlank(given)) throw invalid(MESSAGES.parameterRequired(name));
  return readUrl(given, name, openNetworks);
}

function readUrl(given: unknown, name: string, openNetworks: BlockList | null): URL {
  if (typeof given !== 'string') throw invalid(`Request parameter [${name}] must be a URL.`);
  try {
    return parseOutboundUrl(given, openNetworks);
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    throw invalid(`Request parameter [${name}] is refused. ${error.message}`);
  }
}

function invalid(message: string): RunfleetError {
  return new RunfleetError('invalid_request', message);
}
