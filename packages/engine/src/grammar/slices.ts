/** Work that is done in short slices, so that other work can run in between. */
export type Slices<Result> = Generator<undefined, Result>;

/** Does all slices at once. */
export function finish<Result>(slices: Slices<Result>): Result {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
  }
}
