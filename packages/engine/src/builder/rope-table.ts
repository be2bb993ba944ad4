export type RopeTable = {
  cos: Float32Array;
  sin: Float32Array;
  rows: number;
  /** Frequencies. */
  width: number;
};

export type RopeTableOptions = {
  theta: number;
  /** How much slower each frequency rotates; 1 is plain. */
  factors: readonly number[];
  rows: number;
  /** What each number is multiplied by. */
  scale: number;
};

/** The cosine and the sine of each position and frequency. */
export function ropeTable({ theta, factors, rows, scale }: RopeTableOptions): RopeTable {
  const width = factors.length;
  const cos = new Float32Array(rows * width);
  const sin = new Float32Array(rows * width);
  for (const [column, factor] of factors.entries()) {
    const frequency = 1 / (factor * theta ** (column / width));
    for (let row = 0; row < rows; row += 1) {
      cos[row * width + column] = Math.cos(row * frequency) * scale;
      sin[row * width + column] = Math.sin(row * frequency) * scale;
    }
  }
  return { cos, sin, rows, width };
}
