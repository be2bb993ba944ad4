import { isBlank } from '@runfleet/catalog';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

/** The conversation that a body names; a malformed value is an unknown one. */
export function readConversationId(body: Readonly<Record<string, unknown>>): string {
  const given = body['conversationid'];
  if (isBlank(given)) {
    throw new RunfleetError('invalid_request', MESSAGES.parameterRequired('conversationid'));
  }
  if (typeof given === 'string') return given;
  // Above 2^53 a number may have been rounded to the id of another one.
  return typeof given === 'number' && Number.isSafeInteger(given) ? `${given}` : '?';
}
