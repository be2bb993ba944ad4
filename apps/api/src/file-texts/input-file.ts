/** A file that a Run gives to its model: the name for the model and for errors, and the content. */
export type InputFile = { readonly name: string; readonly bytes: Uint8Array };

const NAME_CHARACTERS_MAX = 200;
/** Of a file whose sender gave it none. */
const NO_NAME = 'file';

/** A name in one line, without control characters and without a path. */
export function cleanFileName(given: string): string {
  const name =
    given
      .slice(-2 * NAME_CHARACTERS_MAX)
      .split(/[/\\]/u)
      .at(-1) ?? '';
  const clean = name
    .toWellFormed()
    .replaceAll(/\p{Cc}|\p{Zl}|\p{Zp}/gu, ' ')
    .trim();
  return clean.slice(-NAME_CHARACTERS_MAX) || NO_NAME;
}
