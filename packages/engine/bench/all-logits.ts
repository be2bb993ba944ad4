import { readModelFolder } from '../src/folder/model-folder.ts';
import { LOGITS_TO_KEEP } from '../src/runtime/graph-shape.ts';
import { type InferenceSession, Tensor } from '../src/runtime/onnxruntime-node.ts';
import { openInferenceSession } from '../src/runtime/ort-node/open-inference-session.ts';

/** Runs a folder's graph on whole texts, for the logits after every token. */
export class AllLogits implements AsyncDisposable {
  readonly #session: InferenceSession;
  readonly #pasts: Record<string, Tensor>;

  private constructor(session: InferenceSession, pasts: Record<string, Tensor>) {
    this.#session = session;
    this.#pasts = pasts;
  }

  static async open(dir: string): Promise<AllLogits> {
    const { graphPath, heads, headSize } = await readModelFolder(dir);
    const session = await openInferenceSession(graphPath, { provider: 'cpu', threads: 1 });
    const dims = [1, heads ?? 1, 0, headSize ?? 1];
    const empty = () => new Tensor('float32', new Float32Array(), dims);
    const names = session.inputNames.filter((name) => name.startsWith('past_key_values.'));
    return new AllLogits(session, Object.fromEntries(names.map((name) => [name, empty()])));
  }

  /** By how much the logit of `left` exceeds that of `right` after `ids`. */
  async gap(ids: readonly number[], left: number, right: number): Promise<number> {
    const { logits, width } = await this.#run(ids);
    const last = (ids.length - 1) * width;
    return (logits[last + left] ?? 0) - (logits[last + right] ?? 0);
  }

  /** The negative log likelihood of all ids after the first, in nats. */
  async loss(ids: readonly number[]): Promise<number> {
    const { logits, width } = await this.#run(ids);
    let loss = 0;
    for (let at = 0; at + 1 < ids.length; at += 1) {
      const row = logits.subarray(at * width, (at + 1) * width);
      const most = row.reduce((left, right) => Math.max(left, right));
      const total = row.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
      loss += most + Math.log(total) - (row[ids[at + 1] ?? 0] ?? 0);
    }
    return loss;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }

  async #run(ids: readonly number[]): Promise<{ logits: Float32Array; width: number }> {
    const dims = [1, ids.length];
    const { logits } = await this.#session.run({
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), dims),
      attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), dims),
      ...this.#pasts,
      ...(this.#session.inputNames.includes(LOGITS_TO_KEEP) && {
        [LOGITS_TO_KEEP]: new Tensor('int64', BigInt64Array.of(BigInt(ids.length)), [1]),
      }),
    });
    if (!(logits?.data instanceof Float32Array)) throw new Error('The graph has no logits.');
    return { logits: logits.data, width: logits.dims[2] ?? 1 };
  }
}
