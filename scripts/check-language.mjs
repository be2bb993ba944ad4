// Keeps what people read in plain modern English: comments, strings, test titles and Markdown.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { fail, root } from './install.mjs';

const LINE_CHARS_MAX = 120;

/** What not to write, and what to write instead. */
const WORDS = {
  amongst: 'among',
  anew: 'again',
  dearer: 'more expensive',
  dearest: 'most expensive',
  'for ever': 'forever, or name the bound',
  hence: 'so',
  henceforth: 'from then on',
  lest: 'so that ... not',
  meanwhile: 'while ..., or name the time',
  nobody: 'no one, or name who: no worker, no caller',
  'of late': 'recently',
  somebody: 'someone, or name who: another worker, a caller',
  thereby: 'so',
  whence: 'from where',
  whereby: 'by which',
  whilst: 'while',
  whoever: 'name who: the caller, the worker',
  whomever: 'name who',
};

/** Files that hold the words as data. */
const DATA = ['packages/engine/src/builder/training-text.ts', 'scripts/check-language.mjs'];
/** A Unix user's name, and an example of what not to write. */
const ALLOWED = [/'nobody'/, /^\| Whoever waits here fell/];

const words = new RegExp(`\\b(${Object.keys(WORDS).join('|')})\\b`, 'gi');
const prose = /\.md$/;
const code = /\.(?:ts|tsx|mjs|ya?ml)$/;
const files = spawnSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).stdout.split('\n');
const faults = files
  .filter((path) => (prose.test(path) || code.test(path)) && !DATA.includes(path))
  .flatMap((path) => listFaults(path, readFileSync(join(root, path), 'utf8')));

if (faults.length > 0) fail(`${faults.join('\n')}\n\nSee "Plain English" in CONTRIBUTING.md.`);
process.stdout.write(`Plain English: ${files.length} files.\n`);

function listFaults(path, text) {
  return text.split('\n').flatMap((line, index) => {
    if (ALLOWED.some((allowed) => allowed.test(line))) return [];
    const place = `${path}:${index + 1}`;
    const found = [...line.matchAll(words)].map(
      ([word]) => `${place}: "${word}": write ${WORDS[word.toLowerCase()]}`,
    );
    // The formatter wraps Markdown.
    const isComment = code.test(path) && /^\s*(?:\/\/|\*|\/\*\*)/.test(line);
    if (isComment && line.length > LINE_CHARS_MAX) {
      found.push(`${place}: wrap at ${LINE_CHARS_MAX} characters (${line.length})`);
    }
    return found;
  });
}
