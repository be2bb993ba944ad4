// Learns the demo model's vocabulary from the text of models/demo/train/generate_text.py.
//
//  node --import tsx packages/engine/tools/make-demo-tokenizer.ts VOCABULARY.TXT TOKENIZER.JSON
import { readFile, writeFile } from 'node:fs/promises';

import { buildTokenizer } from '../src/builder/phi3/build-tokenizer.ts';

const VOCABULARY_SIZE = 1600;

const [from = '', to = ''] = process.argv.slice(2);
const { json } = buildTokenizer(VOCABULARY_SIZE, await readFile(from, 'utf8'));
await writeFile(to, `${JSON.stringify(json)}\n`);
