/** One parameter of a Run's body: its text, number or switch, or its default. All may arrive as strings. */
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

import { CHAT_ITEMS, type ChatParameterName } from './chat-parameter-items.ts';
import type { ParameterItem } from './model.ts';

export type Body = Readonly<Record<string, unknown>>;

export function readText(body: Body, name: ChatParameterName): string {
  const value = body[name] ?? CHAT_ITEMS[name].default;
  if (typeof value !== 'string') throw invalid(`Request parameter [${name}] must be a text`);
  return value;
}

export function readNumber(body: Body, name: ChatParameterName): number {
  const item: ParameterItem = CHAT_ITEMS[name];
  const given = body[name];
  if (isBlank(given)) return Number(item.default);
  const value =
    typeof given === 'number'
      ? given
      : typeof given === 'string' && /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i.test(given)
        ? Number(given)
        : NaN;
  if (!Number.isFinite(value)) throw invalid(MESSAGES.parameterNotNumber(name));
  const { min = -Infinity, max = Infinity } = item;
  if (value < min || value > max) throw invalid(MESSAGES.parameterOutOfRange(name, min, max));
  return value;
}

export function readInteger(body: Body, name: ChatParameterName): number {
  const value = readNumber(body, name);
  if (!Number.isInteger(value)) throw invalid(`Request parameter [${name}] must be an integer`);
  return value;
}

/** The vendor's tools send the flag's own name for "on". */
export function readSwitch(body: Body, name: 'do_sample' | 'logprobs'): boolean {
  const given = body[name];
  if (given === undefined || given === null) return CHAT_ITEMS[name].default === 'true';
  if (typeof given === 'boolean') return given;
  if (given === 1 || given === '1' || given === 'true' || given === `--${name}`) return true;
  if (given === 0 || given === '0' || given === 'false' || given === '') return false;
  throw invalid(`Request parameter [${name}] must be true or false`);
}

export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

export function invalid(message: string): RunfleetError {
  return new RunfleetError('invalid_request', message);
}
