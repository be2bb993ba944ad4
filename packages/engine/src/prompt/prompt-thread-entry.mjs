import '../onnx/thread-loader.mjs';

await import('./prompt-thread.ts');
