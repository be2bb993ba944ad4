/**
 * Reads one parameter of a Run's body: a text, a number or a switch, or its default. Clients may
 * send all of them as strings.
 */
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

import { CHAT_NUMBERS, type ChatNumber, type ChatNumberName } from './chat-numbers.ts';
import { CHAT_ITEMS, type ChatParameterName } from './chat-parameter-items.ts';
import { namesOf } from './chat-synonyms.ts';

export type Body = Readonly<Record<string, unknown>>;

/** A longer text is neither a number nor a switch, and no pattern is run on it. */
const NUMBER_CHARACTERS_MAX = 64;
const SHOWN_CHARACTERS_MAX = 64;
const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?\s*$/i;

export function readText(body: Body, name: ChatParameterName): string {
  const texts = readNames(body, name, (given, as) => {
    if (typeof given !== 'string') throw invalid(`Request parameter [${as}] must be a string`);
    return given;
  });
  return onlyOne(texts) ?? CHAT_ITEMS[name].default;
}

export function readNumber(body: Body, name: ChatNumberName): number {
  return readGivenNumber(body, name) ?? Number(CHAT_NUMBERS[name].fallback);
}

/** Null if the body has no value, or one that means "not used" and stands for no number. */
export function readGivenNumber(body: Body, name: ChatNumberName): number | null {
  const { off }: ChatNumber = CHAT_NUMBERS[name];
  const isOff = (value: number) => off?.given.includes(value) === true;
  const numbers = readNames(body, name, (given, as) => {
    const value = numberOf(given);
    if (!Number.isFinite(value)) throw invalid(MESSAGES.parameterNotNumber(as));
    if (!isOff(value)) requireInRange(value, name, as);
    return value;
  });
  const used = onlyOne(numbers.filter(({ value }) => !isOff(value)));
  return used ?? (numbers.length > 0 ? (off?.means ?? null) : null);
}

function requireInRange(value: number, name: ChatNumberName, as: string): void {
  const { min, max, step } = CHAT_NUMBERS[name];
  if (value < min || value > max) throw invalid(MESSAGES.parameterOutOfRange(as, min, max));
  if (Number.isInteger(step) && !Number.isInteger(value)) {
    throw invalid(`Request parameter [${as}] must be an integer`);
  }
}

/** The vendor's tools send the flag's own name for "on" and an empty text for "off". */
export function readSwitch(body: Body, name: 'do_sample' | 'logprobs'): boolean {
  const given = body[name];
  if (given === undefined || given === null) return CHAT_ITEMS[name].default === 'true';
  const value = given === '' ? false : switchOf(given, name);
  if (value === undefined) throw invalid(`Request parameter [${name}] must be true or false`);
  return value;
}

/** A number, or a text that is one; NaN for everything else. */
export function numberOf(given: unknown): number {
  if (typeof given === 'number') return given;
  if (typeof given !== 'string' || given.length > NUMBER_CHARACTERS_MAX) return NaN;
  return NUMBER.test(given) ? Number(given) : NaN;
}

/** Undefined if the value is not a switch. */
export function switchOf(given: unknown, name: string): boolean | undefined {
  if (typeof given === 'boolean') return given;
  if (typeof given !== 'number' && typeof given !== 'string') return undefined;
  const text = String(given);
  if (text.length > NUMBER_CHARACTERS_MAX) return undefined;
  return text === `--${name}` ? true : SWITCHES.get(text.toLowerCase());
}

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ['1', true],
  ['true', true],
  ['0', false],
  ['false', false],
]);

type Named<T> = { as: string; value: T };

/** The values of a parameter, by each of its names that the body has. */
export function readNames<T>(
  body: Body,
  name: ChatParameterName,
  read: (given: unknown, as: string) => T,
): Named<T>[] {
  return namesOf(name)
    .filter((as) => !isBlank(body[as]))
    .map((as) => ({ as, value: read(body[as], as) }));
}

/** Throws if two names of a parameter have different values: neither may win silently. */
export function onlyOne<T>(named: readonly Named<T>[]): T | undefined {
  const [first, ...others] = named;
  const other = others.find(({ value }) => JSON.stringify(value) !== JSON.stringify(first?.value));
  if (first === undefined || other === undefined) return first?.value;
  throw invalid(
    `Request parameters [${first.as}] and [${other.as}] name the same parameter and differ. Send only one of them.`,
  );
}

/** Whether a parameter counts as left out: some clients send an empty string for it. */
export function isBlank(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/** A name for an error message, shortened: the caller chose it, and it can be as long as a body. */
export function shownName(name: string): string {
  return name.length <= SHOWN_CHARACTERS_MAX ? name : `${name.slice(0, SHOWN_CHARACTERS_MAX)}…`;
}

export function invalid(message: string): RunfleetError {
  return new RunfleetError('invalid_request', message);
}
