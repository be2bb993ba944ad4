/** In texts for people, `runfleet` is the command and `Runfleet` the product. */
const CALL = /(?<![\w/.-])runfleet (?=[a-z])/gu;

/**
 * A text for people in which `runfleet model add` is what they can type. A clone installs no program of
 * that name, so `scripts/runfleet.mjs` sets RUNFLEET_COMMAND to how it was started itself.
 */
export function asTyped(text: string, command = process.env['RUNFLEET_COMMAND']): string {
  return command === undefined ? text : text.replaceAll(CALL, () => `${command} `);
}
