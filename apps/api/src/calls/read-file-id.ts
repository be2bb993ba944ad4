import { isBlank } from '@runfleet/catalog';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

import { ROOT_ID } from '../wire/file-wire.ts';

type Body = Readonly<Record<string, unknown>>;

/** The file or folder that a call concerns. What is not a text is the id of none. */
export function readFileId(body: Body): string {
  const given = body['id'];
  if (isBlank(given)) throw new RunfleetError('invalid_request', MESSAGES.parameterRequired('id'));
  return typeof given === 'string' ? given : '';
}

/** The folder that a parameter names; null for the root, which "0" and nothing stand for. */
export function readFolderId(given: unknown): string | null {
  if (isBlank(given) || given === ROOT_ID || given === 0) return null;
  return typeof given === 'string' ? given : '';
}

export function readFileName(body: Body): string {
  const given = body['name'];
  if (isBlank(given))
    throw new RunfleetError('invalid_request', MESSAGES.parameterRequired('name'));
  if (typeof given === 'string') return given;
  throw new RunfleetError('invalid_request', 'Request parameter [name] must be a text');
}
