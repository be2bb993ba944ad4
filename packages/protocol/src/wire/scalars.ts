/** The texts in which the wire writes numbers. */
import { z } from 'zod';

/** The id of a task, an organisation, a project or a model: a positive decimal. */
export const decimalId = z.string().regex(/^[1-9]\d*$/);
/** A count, a size in bytes, or unix seconds; "0" where a moment was not reached. */
export const wholeNumber = z.string().regex(/^\d+$/);
/** Dollars with 12 decimals. */
export const usd = z.string().regex(/^-?\d+\.\d{12}$/);
/** Seconds with four decimals. */
export const seconds = z.string().regex(/^\d+\.\d{4}$/);
/** Microseconds since 1970 by the database clock. */
export const micros = z.string().regex(/^\d+$/);
