import { writeCsharp } from './languages/csharp.ts';
import { writeCurl } from './languages/curl.ts';
import { writeDart } from './languages/dart.ts';
import { writeGo } from './languages/go.ts';
import { writeKotlin } from './languages/kotlin.ts';
import { writeNodejs } from './languages/nodejs.ts';
import { writePhp } from './languages/php.ts';
import { writePython } from './languages/python.ts';
import { writeSwift } from './languages/swift.ts';
import type { SampleCall } from './sample-call.ts';

export type SampleLanguage = {
  /** The file that the program is saved as. */
  fileName: string;
  /** How the saved file is started. */
  command: string;
  write: (call: SampleCall) => string;
};

/** In the order of the page. */
export const SAMPLE_LANGUAGES = {
  curl: { fileName: 'run.sh', command: 'bash run.sh', write: writeCurl },
  nodejs: { fileName: 'run.mjs', command: 'node run.mjs', write: writeNodejs },
  csharp: { fileName: 'Program.cs', command: 'dotnet run', write: writeCsharp },
  php: { fileName: 'run.php', command: 'php run.php', write: writePhp },
  swift: { fileName: 'main.swift', command: 'swift main.swift', write: writeSwift },
  dart: { fileName: 'run.dart', command: 'dart run.dart', write: writeDart },
  kotlin: {
    fileName: 'Run.kt',
    command: 'kotlinc Run.kt -cp $JARS -d run.jar && kotlin -cp run.jar:$JARS RunKt',
    write: writeKotlin,
  },
  go: { fileName: 'main.go', command: 'go run main.go', write: writeGo },
  python: { fileName: 'run.py', command: 'python3 run.py', write: writePython },
} as const satisfies Record<string, SampleLanguage>;

export type SampleLanguageKey = keyof typeof SAMPLE_LANGUAGES;

export const SAMPLE_LANGUAGE_KEYS = Object.keys(SAMPLE_LANGUAGES) as SampleLanguageKey[];
