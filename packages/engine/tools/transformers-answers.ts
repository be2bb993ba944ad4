// Runs in a process of its own: `node --import tsx transformers-answers.ts <package dir> <model
// dir> <tokens>`. Reads the conversations as JSON from its input and writes `[{ promptIds, ids,
// text }]` as JSON to its output.
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

const [packageDir = '', modelDir = '', tokens = '0'] = process.argv.slice(2);
const { AutoModelForCausalLM, AutoTokenizer, env } = createRequire(join(packageDir, 'index.js'))(
  '@huggingface/transformers',
);
env.allowRemoteModels = false;
env.localModelPath = dirname(modelDir);

const name = basename(modelDir);
const tokenizer = await AutoTokenizer.from_pretrained(name);
const model = await AutoModelForCausalLM.from_pretrained(name, { dtype: 'fp32', device: 'cpu' });

const answers = [];
for (const messages of JSON.parse(await text(process.stdin))) {
  const inputs = tokenizer.apply_chat_template(messages, {
    add_generation_prompt: true,
    return_dict: true,
  });
  const output = await model.generate({
    ...inputs,
    do_sample: false,
    max_new_tokens: Number(tokens),
    min_new_tokens: Number(tokens),
  });
  const all = output.tolist()[0].map(Number);
  const promptIds = inputs.input_ids.tolist()[0].map(Number);
  const ids = all.slice(promptIds.length);
  answers.push({ promptIds, ids, text: tokenizer.decode(ids, { skip_special_tokens: true }) });
}
process.stdout.write(JSON.stringify(answers));
