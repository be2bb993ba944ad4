import { alternativeAccepts } from './accepts.ts';
import type { Alternative, Part, SchemaReader } from './alternative.ts';
import { LoopError } from './loop-error.ts';
import {
  limitOf,
  namesOf,
  prefixLengthOf,
  schemasOfItem,
  schemasOfName,
  valuesOf,
} from './members.ts';
import { TYPE_BITS } from './schema.ts';
import { hasNoText } from './string-node.ts';

/**
 * Whether surely no value is valid. It looks `depth` levels deep into lists and objects, so a
 * schema may have no value without this being seen; never the other way round.
 */
export function isVoid(alternative: Alternative, all: SchemaReader, depth: number): boolean {
  const { types, values, parts } = alternative;
  all.work.spend(1 + parts.length);
  if (values) {
    return !values.some((value) =>
      unlessLoop(true, () => alternativeAccepts(value, alternative, all, { anyFormat: true })),
    );
  }
  if (types & (TYPE_BITS.null | TYPE_BITS.boolean)) return false;
  return (
    ((types & TYPE_BITS.number) === 0 || hasNoNumber(parts, types)) &&
    ((types & TYPE_BITS.string) === 0 || hasNoText(parts, all)) &&
    ((types & TYPE_BITS.array) === 0 || hasNoList(parts, all, depth)) &&
    ((types & TYPE_BITS.object) === 0 || hasNoObject(parts, all, depth))
  );
}

function hasNoNumber(parts: readonly Part[], types: number): boolean {
  const low = limitOf(parts, 'minimum', Math.max, Number.NEGATIVE_INFINITY);
  const high = limitOf(parts, 'maximum', Math.min, Number.POSITIVE_INFINITY);
  const above = limitOf(parts, 'exclusiveMinimum', Math.max, Number.NEGATIVE_INFINITY);
  const below = limitOf(parts, 'exclusiveMaximum', Math.min, Number.POSITIVE_INFINITY);
  if (low > high || low >= below || above >= high || above >= below) return true;
  if (types & TYPE_BITS.fraction) return false;
  const first = Math.max(Math.ceil(low), Math.floor(above) + 1);
  return first > Math.min(Math.floor(high), Math.ceil(below) - 1);
}

function hasNoList(parts: readonly Part[], all: SchemaReader, depth: number): boolean {
  const least = limitOf(parts, 'minItems', Math.max, 0);
  if (least > limitOf(parts, 'maxItems', Math.min, Number.POSITIVE_INFINITY)) return true;
  const looked = Math.min(least, prefixLengthOf(parts) + 1);
  return Array.from({ length: looked }, (_, index) => index).some((index) =>
    areVoid(schemasOfItem(parts, index, all), all, depth),
  );
}

function hasNoObject(parts: readonly Part[], all: SchemaReader, depth: number): boolean {
  const required = namesOf(parts, 'required');
  const most = limitOf(parts, 'maxProperties', Math.min, Number.POSITIVE_INFINITY);
  if (required.size > most || limitOf(parts, 'minProperties', Math.max, 0) > most) return true;
  const names = valuesOf(parts, 'propertyNames');
  return [...required].some(
    (name) =>
      areVoid(schemasOfName(parts, name, all), all, depth) ||
      (names.length > 0 && areVoid([{ const: name }, ...names], all, depth)),
  );
}

function areVoid(schemas: readonly unknown[], all: SchemaReader, depth: number): boolean {
  if (schemas.includes(false)) return true;
  if (schemas.length === 0 || depth === 0) return false;
  return unlessLoop(false, () =>
    all.ofAll(schemas).every((alternative) => isVoid(alternative, all, depth - 1)),
  );
}

/** A schema that holds the one that is being read cannot be looked into yet. */
function unlessLoop(otherwise: boolean, look: () => boolean): boolean {
  try {
    return look();
  } catch (error) {
    if (error instanceof LoopError) return otherwise;
    throw error;
  }
}
