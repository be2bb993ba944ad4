import { z } from 'zod';

import { SUCCESS } from './envelope.ts';
import { priceSchema } from './price.ts';
import { decimalId, usd, wholeNumber } from './scalars.ts';

/** A parameter as the catalogue describes it and the model page's form draws it. */
const toolParameterSchema = z.strictObject({
  id: z.string(),
  type: z.enum(['text', 'textarea', 'select', 'range', 'number', 'fileinput']),
  label: z.string(),
  description: z.string().exactOptional(),
  default: z.string(),
  required: z.boolean(),
  placeholder: z.string().exactOptional(),
  note: z.string().exactOptional(),
  options: z
    .array(z.strictObject({ label: z.string(), value: z.string() }))
    .readonly()
    .exactOptional(),
  min: z.number().exactOptional(),
  max: z.number().exactOptional(),
  step: z.number().exactOptional(),
});

export type WireToolParameter = Readonly<z.infer<typeof toolParameterSchema>>;

const parameterGroupSchema = z.strictObject({
  title: z.string(),
  items: z.array(toolParameterSchema).readonly(),
});

export type WireParameterGroup = Readonly<z.infer<typeof parameterGroupSchema>>;

const texts = z.array(z.string()).readonly();

/** A model as the catalogue answers it. */
const toolSchema = z.strictObject({
  id: decimalId,
  title: z.string(),
  slugowner: z.string(),
  slugproject: z.string(),
  cleanslugowner: z.string(),
  cleanslugproject: z.string(),
  description: z.string(),
  /** Markdown. */
  readme: z.string(),
  image: z.literal(''),
  /** How long a run takes, in words; empty until one has succeeded. */
  computingtime: z.string(),
  categories: texts,
  tags: texts,
  samples: texts,
  /** Ready-made inputs for the model page's form. */
  inspire: z.array(z.record(z.string(), z.string()).readonly()).readonly(),
  parameters: z.array(parameterGroupSchema).readonly(),
  marketplace: z.null(),
  onlymembers: z.literal('1'),
  averagepoint: z.literal('0'),
  commentcount: z.literal('0'),
  ratedusercount: z.literal('0'),
  dynamicprice: z.literal('[]'),
  /** Dollars per billed second; 0 where the price counts something else. */
  cps: usd,
  approximatelycost: usd,
  taskstat: z.strictObject({
    runcount: z.number().int(),
    successcount: wholeNumber,
    errorcount: wholeNumber,
    /** Unix seconds. */
    lastruntime: wholeNumber,
  }),
  seotitle: z.string(),
  seodescription: z.string(),
  /** The whole price. Other servers of this API do not send it. */
  price: priceSchema.exactOptional(),
});

export type WireTool = z.infer<typeof toolSchema>;

/** A model without its long texts. */
const toolSummarySchema = toolSchema.omit({ readme: true, samples: true, inspire: true });

export type WireToolSummary = z.infer<typeof toolSummarySchema>;

const tool = z.array(z.union([toolSchema, toolSummarySchema]));

/** `Tool/Detail`. */
export const toolAnswerSchema = z.strictObject({ ...SUCCESS, tool });

export type ToolAnswer = z.infer<typeof toolAnswerSchema>;

/** `Tool/List`; `total` counts every model that matches, listed or not. */
export const toolListAnswerSchema = z.strictObject({ ...SUCCESS, tool, total: z.number().int() });

export type ToolListAnswer = z.infer<typeof toolListAnswerSchema>;

/** `Tool/Explore`. */
export const exploreAnswerSchema = z.strictObject({
  ...SUCCESS,
  explore: z.array(
    z.strictObject({ id: z.string(), title: z.string(), tools: z.array(toolSummarySchema) }),
  ),
});

export type ExploreAnswer = z.infer<typeof exploreAnswerSchema>;
