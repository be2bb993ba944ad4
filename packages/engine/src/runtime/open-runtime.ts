import { EngineError } from '../engine-error.ts';
import type { OnnxEngineSpec } from '../engine.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import { chooseProvider } from './choose-provider.ts';
import { firstLine } from './explain-load-failure.ts';
import { loadOrtApi } from './ort-capi/ort-api.ts';
import { openOrtCapi } from './ort-capi/ort-capi.ts';
import { findOrtLibrary } from './ort-capi/ort-library.ts';
import { openOrtNode } from './ort-node/ort-node.ts';
import type { Runtime } from './runtime.ts';

/** ONNX Runtime would copy the caches to the CPU and back with every step. */
const FLOAT32_ON_CUDA =
  'CUDA computes attention only in half precision, and this build has a float32 cache, so its attention would run on the CPU; use a build for graphics cards';

const INDEX_ON_WEBGPU = 'a device index chooses among CUDA devices only';

/**
 * Opens the runtime and the provider that the spec names. `note` explains in one line why nothing
 * better was chosen; it is empty if there is nothing to report. Throws `EngineError`, which explains
 * what to do.
 */
export async function openRuntime(
  folder: ModelFolder,
  spec: OnnxEngineSpec,
): Promise<{ runtime: Runtime; note: string }> {
  if (spec.provider === 'webgpu' && spec.deviceIndex) {
    throw new EngineError('infra', `WebGPU runs on adapter 0: ${INDEX_ON_WEBGPU}.`);
  }
  const missing = spec.runtime === 'stock' ? undefined : whyNoCapi(spec);
  const open = spec.runtime === 'stock' || missing ? openOrtNode : openOrtCapi;
  const { opened, note } = await chooseProvider<Runtime>(
    spec.provider,
    findOrtLibrary().dir,
    (provider) => open(folder, { ...spec, provider }),
    {
      ...(folder.cacheType === 'float32' && { cuda: FLOAT32_ON_CUDA }),
      ...(spec.deviceIndex && { webgpu: INDEX_ON_WEBGPU }),
    },
  );
  const stock = missing ? `stock binding: ${missing}` : '';
  const slow = spec.provider === 'cuda' && folder.cacheType === 'float32' ? FLOAT32_ON_CUDA : '';
  const notes = [note, stock, slow, opened.note].filter((each) => each !== '');
  return { runtime: opened, note: notes.join('; ') };
}

/** Platforms without the C API use the stock binding, unless the spec asks for the C API. */
function whyNoCapi(spec: OnnxEngineSpec): string | undefined {
  try {
    loadOrtApi();
    return undefined;
  } catch (error) {
    if (spec.runtime === 'capi') throw error;
    return firstLine(error);
  }
}
