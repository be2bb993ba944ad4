import { expect, test } from 'vitest';

import { explainLoadFailure } from './explain-load-failure.ts';
import { explainRunFailure } from './explain-run-failure.ts';

test.each([
  [
    'cuda',
    'Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: No such file or directory',
    'infra',
    /needs libcublasLt.so.13, which this machine lacks. Install the CUDA 13 runtime/u,
  ],
  [
    'cuda',
    'Failed to load library libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file: No such file or directory',
    'infra',
    /Install cuDNN 9/u,
  ],
  [
    'cuda',
    'Failed to load library libonnxruntime_providers_shared.so with error: libonnxruntime_providers_shared.so: cannot open shared object file: No such file or directory',
    'infra',
    /cuda provider does not load .* Install its library, or choose provider cpu/u,
  ],
  [
    'webgpu',
    'Failed to get a WebGPU adapter: no Vulkan',
    'infra',
    /webgpu provider does not load/u,
  ],
  ['cpu', 'std::bad_alloc', 'infra', /Not enough memory to load/u],
  ['cpu', 'Protobuf parsing failed.', 'model', /damaged or truncated/u],
])('loading on %s: %s', (provider, reason, kind, message) => {
  const explained = explainLoadFailure(new Error(reason), '/models/phi/model.onnx', provider);
  expect(explained).toMatchObject({ kind, message: expect.stringMatching(message) });
});

test.each([
  ['Exiting due to terminate flag being set to true.', /was stopped/u],
  [
    'Program Gather requires f16 but the device does not support it.',
    /does not compute in half precision/u,
  ],
  ['Failed to allocate memory for requested buffer of size 1073741824', /did not get the memory/u],
  ['Non-zero status code returned while running Gather node.', /failed on cuda: Non-zero/u],
])('running: %s', (reason, message) => {
  expect(explainRunFailure(new Error(reason), 'cuda')).toMatchObject({
    kind: 'infra',
    message: expect.stringMatching(message),
  });
});
