import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import type { SampleLanguageKey } from '@runfleet/samples';

import { compileCsharp, DOTNET, fetchDotnet, opensslIn } from './chains/csharp.ts';
import { compileGo } from './chains/go.ts';
import { fetchGrammar, parse } from './chains/grammar.ts';
import { compileKotlin, fetchKotlin, KOTLIN, SERIALIZATION } from './chains/kotlin.ts';
import type { ToolChain } from './tool-chain.ts';

const execute = promisify(execFile);

const SWIFT_GRAMMAR = 'tree-sitter-swift==0.7.4';
const DART_GRAMMAR = 'tree-sitter-dart==0.1.0';

export const TOOL_CHAINS: Record<SampleLanguageKey, ToolChain> = {
  curl: {
    programs: ['bash', 'curl', 'openssl'],
    version: ['curl', '--version'],
    start: (file) => ({ command: ['bash', file] }),
  },
  nodejs: {
    programs: ['node'],
    version: ['node', '--version'],
    start: (file) => ({ command: ['node', file] }),
  },
  // Mono's compiler, and the runtime of .NET Core from PyPI with the OpenSSL that it wants.
  csharp: {
    programs: ['mcs', 'python3'],
    fetch: fetchDotnet,
    fetched: [`.NET Core ${DOTNET}`],
    version: ['mcs', '--version'],
    build: compileCsharp,
    start: (file, folder) => ({
      command: [join(folder, 'dotnetcore2', 'bin', 'dotnet'), `${file}.dll`],
      env: {
        LD_LIBRARY_PATH: opensslIn(folder),
        DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1',
      },
    }),
  },
  php: {
    programs: ['php'],
    version: ['php', '--version'],
    build: (file) => execute('php', ['-l', file]),
    start: (file) => ({ command: ['php', file] }),
  },
  swift: {
    programs: ['python3'],
    fetch: (folder) => fetchGrammar(folder, SWIFT_GRAMMAR),
    fetched: [SWIFT_GRAMMAR],
    version: ['python3', '--version'],
    build: (file, folder) => parse(file, folder, 'tree_sitter_swift'),
  },
  dart: {
    programs: ['python3'],
    fetch: (folder) => fetchGrammar(folder, DART_GRAMMAR),
    fetched: [DART_GRAMMAR],
    version: ['python3', '--version'],
    build: (file, folder) => parse(file, folder, 'tree_sitter_dart'),
  },
  kotlin: {
    programs: ['java', 'mvn'],
    fetch: fetchKotlin,
    fetched: [`Kotlin ${KOTLIN}`, `kotlinx-serialization-json ${SERIALIZATION}`],
    version: ['java', '--version'],
    build: compileKotlin,
    start: (file, folder) => ({
      command: ['java', '-cp', [`${file}.classes`, join(folder, '*')].join(delimiter), 'RunKt'],
    }),
  },
  go: {
    programs: ['go', 'gofmt'],
    version: ['go', 'version'],
    build: compileGo,
    start: (file) => ({ command: [`${file}.out`] }),
  },
  python: {
    programs: ['python3'],
    version: ['python3', '--version'],
    start: (file) => ({ command: ['python3', '-W', 'error', file] }),
  },
};
