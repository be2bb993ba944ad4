/** Whether a flag of a call is set. Clients send a boolean, a number or a text. */
export function isSet(value: unknown): boolean {
  return value === true || value === 1 || value === '1' || value === 'true';
}
