import { shellQuoted } from './languages/curl.ts';
import type { SampleCall } from './sample-call.ts';

/** A Run whose `files`, by parameter, are sent with it from the folder in which the command is started. */
export function writeFormRun(
  call: Pick<SampleCall, 'apiUrl' | 'model' | 'parameters' | 'isSigned'>,
  files: Readonly<Record<string, readonly string[]>>,
): string {
  const parts = [
    // Unlike those of --form, a value that begins with @ or < is no file.
    ...Object.entries(call.parameters).map(
      ([name, value]) => `--form-string ${shellQuoted(`${name}=${value}`)}`,
    ),
    ...Object.entries(files).flatMap(([parameter, names]) =>
      names.map((name) => `--form ${shellQuoted(`${parameter}=@${formQuoted(`./${name}`)}`)}`),
    ),
  ];
  const signing = [
    'nonce=$(date +%s)',
    `signature=$(printf %s "$YOUR_API_SECRET$nonce" |`,
    `  openssl dgst -sha256 -hmac "$YOUR_API_KEY" -r | cut -d ' ' -f 1)`,
  ];
  const headers = [
    '-H "x-api-key: $YOUR_API_KEY"',
    ...(call.isSigned ? ['-H "x-nonce: $nonce"', '-H "x-signature: $signature"'] : []),
  ];
  const url = shellQuoted(`${call.apiUrl}/Run/${call.model}`);
  const command = [`curl -X POST ${url}`, ...headers, ...parts].join(' \\\n  ');
  return [...(call.isSigned ? signing : []), command, ''].join('\n');
}

/** A file's name as curl reads it within a form: commas and semicolons end one that is not quoted. */
function formQuoted(path: string): string {
  return `"${path.replaceAll(/["\\]/gu, String.raw`\$&`)}"`;
}
