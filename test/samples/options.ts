import { SAMPLE_LANGUAGE_KEYS, type SampleLanguageKey } from '@runfleet/samples';

export const USAGE = `pnpm samples [language...]

Runs the samples of the model page against a real stack, each with the tool chain of its language.
Languages: ${SAMPLE_LANGUAGE_KEYS.join(', ')}; all of them by default.
`;

export function readOptions(args: readonly string[]): SampleLanguageKey[] {
  if (args.length === 0) return SAMPLE_LANGUAGE_KEYS;
  return args.map((arg) => {
    const language = SAMPLE_LANGUAGE_KEYS.find((key) => key === arg);
    if (language === undefined) throw new Error(`There is no sample in ${arg}.`);
    return language;
  });
}
