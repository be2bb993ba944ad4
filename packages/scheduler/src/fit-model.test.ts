import { expect, test } from 'vitest';

import { fitModel, type WorkerModel } from './fit-model.ts';

const loaded = (bytes: number): WorkerModel => ({ bytes, isLoaded: true, isBusy: false });
const busy = (bytes: number): WorkerModel => ({ bytes, isLoaded: true, isBusy: true });
const absent = (bytes: number): WorkerModel => ({ bytes, isLoaded: false, isBusy: false });
const loading = (bytes: number): WorkerModel => ({ bytes, isLoaded: false, isBusy: true });

test.each([
  ['is in memory', 10, { a: loaded(8), b: busy(2) }, 'loaded'],
  ['is being loaded for a task', 10, { a: loading(8), b: loaded(8) }, 'loaded'],
  ['fits beside the loaded ones', 10, { a: absent(8), b: loaded(2) }, 'in_free_memory'],
  ['fits once an idle one is unloaded', 10, { a: absent(8), b: loaded(3) }, 'after_unloading'],
  ['fits only in the memory of a busy one', 10, { a: absent(8), b: busy(3) }, 'none'],
  ['fits only in the memory of one that is loading', 10, { a: absent(8), b: loading(3) }, 'none'],
  ['is larger than the device', 7, { a: absent(8) }, 'none'],
  ['meets a device of unknown memory', null, { a: absent(8), b: busy(3) }, 'in_free_memory'],
  ['is not one of the worker’s', 10, { b: loaded(1) }, 'none'],
] as const)('a model that %s', (_, memoryBytes, models, fit) => {
  expect(fitModel('a', { memoryBytes, models })).toBe(fit);
});
