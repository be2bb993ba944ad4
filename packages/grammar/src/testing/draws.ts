import fc from 'fast-check';

/** Whole numbers below a limit, drawn so that a failure can be repeated. */
export const draws = fc.infiniteStream(fc.nat()).map((numbers) => (below: number): number => {
  const { value } = numbers.next();
  return value % below;
});
