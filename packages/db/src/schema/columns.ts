import { bigint, customType, numeric, timestamp } from 'drizzle-orm/pg-core';

/** An id that Postgres generates. `sql` reads it as text, `orm` as bigint. */
export const id = () => bigint({ mode: 'bigint' });

/** Dollars with 12 decimals, as text; `parseUsd` reads them. */
export const amount = () => numeric({ precision: 24, scale: 12 });

export const moment = () => timestamp({ withTimezone: true });

export const counter = () => bigint({ mode: 'number' });

export const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' });
