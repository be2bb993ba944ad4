import '../onnx/thread-loader.mjs';

await import('./grammar-thread.ts');
