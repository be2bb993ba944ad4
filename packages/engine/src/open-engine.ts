import { EchoEngine } from './echo/echo-engine.ts';
import type { Engine, EngineSpec } from './engine.ts';
import { openOnnxEngine } from './onnx/onnx-engine.ts';

/**
 * Opens the engine of the spec. Throws `EngineError`, which names what is missing and what to do.
 */
export async function openEngine(spec: EngineSpec): Promise<Engine> {
  switch (spec.kind) {
    case 'echo':
      return new EchoEngine(spec);
    case 'onnx':
      return await openOnnxEngine(spec);
  }
}
