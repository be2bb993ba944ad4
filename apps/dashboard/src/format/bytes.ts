const BYTES_PER_GIGABYTE = 1e9;

/** `2.2 GB`, `0.1 GB`: the memory of a model. */
export function gigabytes(bytes: number): string {
  const count = bytes / BYTES_PER_GIGABYTE;
  return `${count < 0.05 ? '<0.1' : count.toFixed(count < 100 ? 1 : 0)} GB`;
}
