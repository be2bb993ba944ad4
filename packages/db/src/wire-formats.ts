/**
 * Types that are read in Postgres's binary format, because their text depends on session settings:
 * DateStyle, TimeZone, bytea_output, extra_float_digits. A database, a user or a pooler may change
 * these.
 */
const DATE = 1082;
const BYTEA = 17;
const FLOAT8 = 701;
const TIMESTAMPTZ = 1184;

/** Postgres counts from 2000-01-01 UTC. */
const EPOCH_MICROS = 946_684_800_000_000n;
const EPOCH_MS = 946_684_800_000;
const DAY_MS = 86_400_000;
const MICROS_PER_MS = 1000n;

type Reader = (bytes: Buffer, offset: number, length: number) => unknown;

const BINARY: Record<number, Reader> = {
  [BYTEA]: (bytes, offset, length) => Buffer.from(bytes.subarray(offset, offset + length)),
  [FLOAT8]: (bytes, offset) => bytes.readDoubleBE(offset),
  [DATE]: (bytes, offset) => new Date(EPOCH_MS + bytes.readInt32BE(offset) * DAY_MS),
};

/** Moments as bigint microseconds. */
export const SQL_FORMATS: Record<number, Reader> = {
  ...BINARY,
  [TIMESTAMPTZ]: readMicros,
};

/** Moments as Drizzle's columns represent them. */
export const ORM_FORMATS: Record<number, Reader> = {
  ...BINARY,
  [TIMESTAMPTZ]: (bytes, offset) => new Date(Number(readMicros(bytes, offset) / MICROS_PER_MS)),
};

function readMicros(bytes: Buffer, offset: number): bigint {
  return bytes.readBigInt64BE(offset) + EPOCH_MICROS;
}
