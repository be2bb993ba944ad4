/**
 * Converts GGUF files in each form and compares each folder's logits and choices with the answers
 * that tools/build-phi-gguf.py stored beside the file: `check-phi-gguf.ts FILE.gguf ...`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { convertGguf } from '../src/builder/convert-gguf.ts';
import { readModelFolder } from '../src/folder/model-folder.ts';
import { openOrtCapi } from '../src/runtime/ort-capi/ort-capi.ts';
import { followAnswers } from '../src/testing/follow-answers.ts';

const work = mkdtempSync(join(tmpdir(), 'runfleet-phi-gguf-'));
try {
  for (const path of process.argv.slice(2)) {
    const stored = JSON.parse(await readFile(path.replace(/\.gguf$/u, '.json'), 'utf8'));
    for (const precision of ['exact', 'close', 'fast'] as const) {
      const dir = join(work, 'folder');
      const { types, roundingError } = await convertGguf({ path, dir, precision });
      const spec = { provider: 'cpu', threads: 1, slots: 1, contextLength: 128 } as const;
      await using runtime = await openOrtCapi(await readModelFolder(dir), spec);
      const { distance, otherChoices, tokens } = await followAnswers(runtime, stored);
      const list = Object.entries(types).map(([type, count]) => `${count} ${type}`);
      process.stdout.write(
        `${basename(path)} ${precision}: logits within ${distance.toExponential(1)}, ${otherChoices} of ${tokens} choices differ, weights rounded by ${roundingError.toFixed(4)} (${list.join(', ')})\n`,
      );
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
