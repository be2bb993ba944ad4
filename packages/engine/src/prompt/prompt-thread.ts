// Templates and long texts are a tenant's, or as slow as a tenant makes them. Here they delay no
// lease and no output.
import { parentPort, workerData } from 'node:worker_threads';

import { readModelFolder } from '../folder/model-folder.ts';
import { preparePrompt } from '../onnx/prepare-prompt.ts';
import { toFailure } from '../to-failure.ts';
import type { PromptCall, PromptReport, PromptThreadInput } from './thread-messages.ts';

if (!parentPort) throw new Error('prompt-thread.ts is started by PromptService.');
const port = parentPort;
const { modelDir, opened }: PromptThreadInput = workerData;
const folder = readModelFolder(modelDir);

port.on('message', ({ id, request }: PromptCall) => {
  void prepare(id, request).then((report) => port.postMessage(report));
});

async function prepare(id: number, request: PromptCall['request']): Promise<PromptReport> {
  try {
    const { chat, tokenizer } = await folder;
    const prepared = await preparePrompt(request, { chat, tokenizer, ...opened });
    const { request: changed, ...rest } = prepared;
    return { id, type: 'prepared', grammar: changed.grammar, ...rest };
  } catch (error) {
    return { id, type: 'failed', failure: toFailure(error) };
  }
}
