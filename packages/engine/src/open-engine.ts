import { EchoEngine } from './echo/echo-engine.ts';
import type { Engine, EngineSpec } from './engine.ts';
import { openOnnxEngine } from './onnx/onnx-engine.ts';

/** Loads what the spec names. Throws `EngineError` that says what is missing and what to do. */
export async function openEngine(spec: EngineSpec): Promise<Engine> {
  switch (spec.kind) {
    case 'echo':
      return new EchoEngine(spec);
    case 'onnx':
      return await openOnnxEngine(spec);
  }
}
