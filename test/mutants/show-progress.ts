/** How often a line appears, also without a terminal, so that a long run is not mistaken for a hung one. */
const EVERY_MS = 15_000;

/** Prints a line at once and then regularly until `end`. */
export function showProgress(total: number, print: (line: string) => void) {
  let [tried, alive] = [0, 0];
  const beganAt = performance.now();
  const show = () => {
    const seconds = ((performance.now() - beganAt) / 1_000).toFixed(0);
    print(`${tried} of ${total} mutants tried in ${seconds} s, ${alive} not noticed\n`);
  };
  show();
  const timer = setInterval(show, EVERY_MS);
  return {
    count(killedBy: string | null): void {
      tried += 1;
      if (killedBy === null) alive += 1;
    },
    end: () => clearInterval(timer),
  };
}
