/** Clients send an empty text for a parameter that they leave out. */
export function isBlank(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}
