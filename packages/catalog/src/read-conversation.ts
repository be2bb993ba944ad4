/** The conversation that a Run belongs to, and the turn that it continues. */
import { MESSAGES, TASK_TOKEN_PATTERN } from '@runfleet/protocol';

import { type Body, invalid, isBlank, readText } from './read-parameter.ts';

export type ConversationName = {
  sessionId: string;
  /** The caller's end user; empty if it names none. */
  userId: string;
  /** The token of the turn to continue; null for the session's latest one. */
  previousTaskToken: string | null;
};

/** Both are in an index, whose rows may have 2,704 bytes. */
const SESSION_BYTES_MAX = 256;
const USER_CHARACTERS_MAX = 256;

/** Null without a session. Throws `invalid_request` with the name of the invalid parameter. */
export function readConversation(body: Body): ConversationName | null {
  const sessionId = readText(body, 'session_id');
  const userId = readText(body, 'user_id');
  const token = readText(body, 'previousTaskToken');
  if (Buffer.byteLength(sessionId) > SESSION_BYTES_MAX) {
    throw invalid(
      `Request parameter [session_id] must be a string of at most ${SESSION_BYTES_MAX} bytes in UTF-8`,
    );
  }
  if (userId.length > USER_CHARACTERS_MAX) {
    throw invalid(
      `Request parameter [user_id] must be a string of at most ${USER_CHARACTERS_MAX} characters`,
    );
  }
  if (isBlank(sessionId)) {
    if (isBlank(token)) return null;
    throw invalid(`${MESSAGES.parameterRequired('session_id')} with [previousTaskToken]`);
  }
  if (!isBlank(token) && !TASK_TOKEN_PATTERN.test(token)) {
    throw invalid(MESSAGES.previousTurnUnknown);
  }
  return { sessionId, userId, previousTaskToken: isBlank(token) ? null : token };
}
