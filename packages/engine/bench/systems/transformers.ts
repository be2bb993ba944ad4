/**
 * transformers.js on the same folder: `transformers.ts <peers folder> <model folder>`. One sequence
 * at a time: it pads on the left, which this graph computes wrongly.
 */
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

import { type BenchRequest, promptIds, serve, TokenClock } from '../protocol.ts';

const [peers = '', modelDir = ''] = process.argv.slice(2);
const { AutoModelForCausalLM, BaseStreamer, env, Tensor } = createRequire(join(peers, 'index.js'))(
  '@huggingface/transformers',
);
env.allowRemoteModels = false;
env.localModelPath = dirname(modelDir);
const model = await AutoModelForCausalLM.from_pretrained(basename(modelDir), {
  dtype: 'fp32',
  device: 'cpu',
});

async function continued(prompt: readonly number[], tokens: number, onToken: () => void) {
  const shape = [1, prompt.length];
  class Streamer extends BaseStreamer {
    #isPrompt = true;
    put() {
      if (!this.#isPrompt) onToken();
      this.#isPrompt = false;
    }
    end() {}
  }
  const output = await model.generate({
    input_ids: new Tensor('int64', BigInt64Array.from(prompt, BigInt), shape),
    attention_mask: new Tensor('int64', new BigInt64Array(prompt.length).fill(1n), shape),
    do_sample: false,
    max_new_tokens: tokens,
    min_new_tokens: tokens,
    streamer: new Streamer(),
  });
  return (output.tolist()[0] as bigint[]).slice(prompt.length).map(Number);
}

serve(async (request: BenchRequest) => {
  if (request.do === 'loss') throw new Error('This is not measured.');
  if (request.do === 'continue') {
    const ids: number[][] = [];
    for (const prompt of request.prompts)
      ids.push(await continued(prompt, request.tokens, () => {}));
    return { ids };
  }
  if (request.batch !== 1) return { failed: 'transformers.js is measured at batch 1 only.' };
  const clock = new TokenClock(request);
  await continued(promptIds(0, request.contextTokens), request.tokens, () => clock.count(0));
  return { decoded: clock.end() };
});
