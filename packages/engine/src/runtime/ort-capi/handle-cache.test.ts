import { expect, test } from 'vitest';

import { TINY_MODEL } from '../../builder/model-size.ts';
import { readModelFolder } from '../../folder/model-folder.ts';
import { ReferencePhi } from '../../testing/reference-phi.ts';
import { tinyFolder } from '../../testing/tiny-folder.ts';
import { readGraphShape } from '../graph-shape.ts';
import { openDevice } from './device.ts';
import { openOrtSession } from './open-ort-session.ts';
import { loadOrtApi } from './ort-api.ts';
import { OrtCapi } from './ort-capi.ts';
import { openSlotMover } from './slot-mover.ts';

const ON_CPU = { provider: 'cpu', threads: 1 } as const;
const ids = Array.from({ length: 120 }, (_, at) => 3 + ((at * 37) % 900));

/** The CPU, treated as a device whose buffers are handles. */
async function openWithHandles(slots: number): Promise<OrtCapi> {
  const api = loadOrtApi();
  const folder = await readModelFolder(await tinyFolder());
  const session = await openOrtSession(api, folder.graphPath, ON_CPU);
  const shape = readGraphShape(session, folder);
  const device = { ...openDevice(api, session.pointer, ON_CPU), hasViews: false };
  const mover = await openSlotMover(api, shape, ON_CPU);
  return new OrtCapi({ api, session, device, shape, mover }, folder, { provider: 'cpu', slots });
}

test('slots that run alone, together and alone again give the results of one long run', async () => {
  await using runtime = await openWithHandles(3);
  const reference = new ReferencePhi(TINY_MODEL);
  const lengths = [0, 0, 0];
  const check = (slot: number, logits: Float32Array | undefined) => {
    const expected = reference.logits(ids.slice(0, lengths[slot]));
    const furthest = Math.max(
      ...Array.from(expected, (logit, id) => Math.abs(logit - (logits?.[id] ?? 0))),
    );
    expect(furthest).toBeLessThan(1e-4);
  };
  const read = async (slot: number, tokens: number) => {
    const start = lengths[slot] ?? 0;
    lengths[slot] = start + tokens;
    check(slot, await runtime.prefillChunk(slot, ids.slice(start, start + tokens), start));
  };
  const decode = async (...slots: number[]) => {
    const rows = slots.map((slot) => {
      const length = lengths[slot] ?? 0;
      lengths[slot] = length + 1;
      return { slot, length, id: ids[length] ?? 0 };
    });
    const logits = await runtime.decode(rows);
    for (const [at, slot] of slots.entries()) check(slot, logits[at]?.slice());
  };

  await read(0, 9);
  await decode(0);
  await read(2, 20);
  await decode(0, 2);
  await read(1, 7);
  await decode(0, 2);
  await read(1, 5);
  await decode(2);
  await decode(1, 2);
  await read(2, 6);
  await decode(0, 1, 2);
  runtime.rewind(1, 4);
  lengths[1] = 4;
  await read(1, 3);
  await decode(0, 1, 2);
});
