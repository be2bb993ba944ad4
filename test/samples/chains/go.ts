import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export async function compileGo(file: string): Promise<void> {
  const { stdout } = await execute('gofmt', ['-d', file]);
  if (stdout !== '') throw new Error(`gofmt would write it differently:\n${stdout}`);
  await execute('go', ['vet', file]);
  await execute('go', ['build', '-o', `${file}.out`, file]);
}
