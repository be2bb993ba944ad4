import '../../src/onnx/thread-loader.mjs';

await import('./engine-thread.ts');
