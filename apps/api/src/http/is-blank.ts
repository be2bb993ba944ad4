/** Whether a parameter counts as left out: some clients send an empty string for it. */
export function isBlank(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}
