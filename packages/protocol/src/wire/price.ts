import { z } from 'zod';

import { type Price, PRICE_METHODS } from '../price.ts';

const DECIMALS = 12;

/** Dollars with so few decimals that every cost is exact at 12. */
function rateSchema(per: bigint) {
  const decimals = DECIMALS - (String(per).length - 1);
  const amount = new RegExp(`^\\d{1,9}(\\.\\d{1,${decimals}}0*)?$`);
  return z
    .string()
    .max(24)
    .regex(amount, `must be dollars as a text with at most ${decimals} decimals`);
}

const methods = Object.entries(PRICE_METHODS).map(([method, parts]) =>
  z.strictObject({
    version: z.string().min(1).max(200),
    method: z.literal(method),
    parts: z.strictObject({
      ...Object.fromEntries(
        Object.entries(parts).map(([name, { per }]) => [name, rateSchema(per)]),
      ),
      minimum: rateSchema(1n).exactOptional(),
    }),
  }),
);

type Method = (typeof methods)[number];

// One schema for each method, of which there are several; each is built from the row that types it.
export const priceSchema = z.discriminatedUnion(
  'method',
  methods as [Method, ...Method[]],
) as unknown as z.ZodType<Price>;

/** One term of a bill: `count` units at `rate` dollars. */
export const billLineSchema = z.strictObject({
  count: z.string().regex(/^\d+(\.\d+)?$/),
  unit: z.string(),
  rate: z.string(),
});
