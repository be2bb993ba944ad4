import type { SampleCall } from './sample-call.ts';

const ONLY_SIGNED = 'signed|';
const ONLY_KEYED = 'keyed|';

/**
 * A template tag for programs. A backslash is a backslash, except before a backtick and `${`. Lines that
 * begin with `signed|` are for projects that sign their calls, `keyed|` for those that send only their
 * key. Values are filled in last and in one pass, so that nothing in them is taken for the template.
 */
export function program({
  isSigned,
}: SampleCall): (template: TemplateStringsArray, ...values: (string | number)[]) => string {
  return ({ raw }, ...values) => {
    const text = raw
      .map((part) => part.replaceAll('\\`', '`').replaceAll('\\${', '${'))
      .reduce((before, part, at) => `${before}\0${at - 1}\0${part}`);
    const lines = text.split('\n').flatMap((line) => {
      if (line.startsWith(ONLY_SIGNED)) return isSigned ? [line.slice(ONLY_SIGNED.length)] : [];
      if (line.startsWith(ONLY_KEYED)) return isSigned ? [] : [line.slice(ONLY_KEYED.length)];
      return [line];
    });
    const filled = lines
      .join('\n')
      .replaceAll(/\0(\d+)\0/g, (_, at: string) => String(values[Number(at)]));
    return `${filled.trim()}\n`;
  };
}
