/** Validation takes time linear in the length of any text. */
import {
  answerContent,
  parseLabels,
  parseUsd,
  TASK_ID_PATTERN,
  TASK_TOKEN_PATTERN,
} from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { CHAT_ITEMS } from './chat-parameter-items.ts';
import { parseChatParameters } from './chat-parameters.ts';
import { CHAT_SYNONYMS } from './chat-synonyms.ts';
import { cleanSlug, findModel, MODELS } from './index.ts';
import { OTHER_PARAMETERS } from './other-parameters.ts';

/**
 * A quadratic pass over the longer text takes hours, so the shorter one, at some seconds, is tried
 * first.
 */
const LENGTHS = [50_000, 1_000_000] as const;
/** A linear pass over the longer text takes some milliseconds. */
const CPU_MS_MAX = 1_000;

/**
 * One text for each class of characters that a pattern can distinguish; most end in another class.
 */
const TEXTS: Readonly<Record<string, (length: number) => string>> = {
  digits: (length) => `${'1'.repeat(length)}x`,
  'digits and points': (length) => '1.'.repeat(length / 2),
  letters: (length) => `${'a'.repeat(length)}!`,
  exponents: (length) => '1e'.repeat(length / 2),
  spaces: (length) => `${' '.repeat(length)}x`,
  'lines and tabs': (length) => `${'\n\t'.repeat(length / 2)}x`,
  signs: (length) => `${'+-'.repeat(length / 2)}x`,
  dashes: (length) => `${'-'.repeat(length)}x`,
  separators: (length) => ';,'.repeat(length / 2),
  brackets: (length) => '[('.repeat(length / 2),
  'closing brackets': (length) => ']) '.repeat(length / 3),
  braces: (length) => '{"a":'.repeat(length / 5),
  backslashes: (length) => `${'\\'.repeat(length)}x`,
  quotes: (length) => '"\''.repeat(length / 2),
  'pattern signs': (length) => '(.*|'.repeat(length / 4),
  ideographs: (length) => '中'.repeat(length),
  'pairs of surrogates': (length) => '🚀'.repeat(length / 2),
  'combining marks': (length) => 'e\u0301'.repeat(length / 2),
  'lone surrogates': (length) => '\ud800'.repeat(length),
  NUL: (length) => '\0'.repeat(length),
};
const ALL = [
  ...MODELS.flatMap((model) => model.parameters.flatMap((group) => group.items)).map((i) => i.id),
  ...Object.keys(CHAT_SYNONYMS),
  ...Object.keys(OTHER_PARAMETERS),
  'messages',
  'unknown',
];
/** The parameters with their own code for lists and objects. */
const READ = ['messages', ...Object.keys(CHAT_ITEMS)];

const SHAPES: readonly { names: readonly string[]; shape: (text: string) => unknown }[] = [
  { names: ALL, shape: (text) => text },
  { names: READ, shape: (text) => [text] },
  { names: READ, shape: (text) => ({ [text]: text, type: text }) },
  { names: ['messages'], shape: (text) => [{ role: 'user', content: text, type: text }] },
  { names: ['stop', 'stop_token_ids', 'messages'], shape: (text) => text.split('') },
];

test.for(Object.entries(TEXTS))(
  'a megabyte of %s in any parameter takes linear time',
  ([, textOf]) => {
    for (const length of LENGTHS) {
      const text = textOf(length);
      for (const { names, shape } of SHAPES) {
        const value = shape(text);
        for (const name of new Set(names)) {
          const body = { prompt: 'Hello', [name]: value };
          const cpuMs = cpuMsOf(() => parseChatParameters(body, LIMITS));
          expect(cpuMs, `${name} as ${typeof value}`).toBeLessThan(CPU_MS_MAX);
        }
      }
    }
  },
);

test.for(Object.entries(TEXTS))('a megabyte of %s as a slug takes linear time', ([, textOf]) => {
  for (const length of LENGTHS) {
    const text = textOf(length);
    expect(cpuMsOf(() => void findModel(text, text))).toBeLessThan(CPU_MS_MAX);
    expect(cpuMsOf(() => void cleanSlug(text))).toBeLessThan(CPU_MS_MAX);
  }
});

test.for(Object.entries(TEXTS))(
  'a megabyte of %s in other parts of the wire takes linear time',
  ([, textOf]) => {
    for (const length of LENGTHS) {
      const text = textOf(length);
      const readings = [
        () => parseUsd(text),
        () => parseLabels(text),
        () => answerContent(text, null, null),
        () => answerContent(text, null, { format: 'hermes', taskId: '1' }),
        () => TASK_ID_PATTERN.test(text),
        () => TASK_TOKEN_PATTERN.test(text),
      ];
      for (const reading of readings) {
        expect(cpuMsOf(reading), `${String(reading)}`).toBeLessThan(CPU_MS_MAX);
      }
    }
  },
);

const LIMITS = { maxTokens: 1_024, maxTimeoutSeconds: 3_600 };

/** Measures this process's CPU time, which a busy machine does not change. */
function cpuMsOf(work: () => unknown): number {
  const before = process.cpuUsage();
  try {
    work();
  } catch {
    // Reading and refusing may cost the same.
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
