import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Where onnxruntime-node keeps the library that it ships, and the library's version. */
export type OrtLibrary = { dir: string; path: string; version: string };

/** Found as Node finds the package, so both runtimes load the same file. */
export function findOrtLibrary(): OrtLibrary {
  const manifestPath = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version }: { version: string } = JSON.parse(readFileSync(manifestPath, 'utf8'));
  const dir = join(dirname(manifestPath), 'bin', 'napi-v6', process.platform, process.arch);
  return { dir, path: join(dir, libraryName(version)), version };
}

function libraryName(version: string): string {
  if (process.platform === 'win32') return 'onnxruntime.dll';
  return process.platform === 'darwin' ? `libonnxruntime.${version}.dylib` : 'libonnxruntime.so.1';
}
