import { isBlank } from '@runfleet/catalog';
import { RunfleetError } from '@runfleet/protocol';

/**
 * One of some values, in any case. Null if it is left out. Throws `invalid_request` for another value,
 * so that none is silently ignored.
 */
export function readOneOf<Value extends string>(
  body: Readonly<Record<string, unknown>>,
  name: string,
  values: readonly Value[],
): Value | null {
  const given = body[name];
  if (isBlank(given)) return null;
  const value = values.find(
    (each) => typeof given === 'string' && each.toLowerCase() === given.toLowerCase(),
  );
  if (value !== undefined) return value;
  const [last, ...others] = values.toReversed();
  const list = [others.toReversed().join(', '), last].filter(Boolean).join(' or ');
  throw new RunfleetError('invalid_request', `Request parameter [${name}] must be ${list}`);
}
