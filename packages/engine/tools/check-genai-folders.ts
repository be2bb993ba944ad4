// Opens folders that build-genai-folders.py made, and compares their logits with the stored ones:
// node --import tsx packages/engine/tools/check-genai-folders.ts /tmp/genai-folders/built/*
import { readModelFolder } from '../src/folder/model-folder.ts';
import { openOrtCapi } from '../src/runtime/ort-capi/ort-capi.ts';
import { followAnswers, readStoredAnswers } from '../src/testing/follow-answers.ts';

for (const dir of process.argv.slice(2)) {
  const spec = { provider: 'cpu', threads: 1, slots: 1, contextLength: 128 } as const;
  const runtime = await openOrtCapi(await readModelFolder(dir), spec);
  const { distance, otherChoices, tokens } = await followAnswers(
    runtime,
    await readStoredAnswers(dir),
  );
  await runtime[Symbol.asyncDispose]();
  process.stdout.write(
    `${dir}: ${tokens} tokens, logits within ${distance.toExponential(1)}, ${otherChoices} other choices\n`,
  );
}
