/** Element types of a graph's inputs and outputs: their number in the C API, and their size. */
export const ELEMENTS = {
  float32: { code: 1, bytes: 4 },
  int64: { code: 7, bytes: 8 },
  float16: { code: 10, bytes: 2 },
} as const;

export type ElementType = keyof typeof ELEMENTS;
