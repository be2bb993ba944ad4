import fc from 'fast-check';

/** Random whole numbers below a limit. fast-check draws them, so a failure can be repeated. */
export const draws = fc.infiniteStream(fc.nat()).map((numbers) => (below: number): number => {
  const { value } = numbers.next();
  return value % below;
});
