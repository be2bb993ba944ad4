import './thread-loader.mjs';

await import('./engine-thread.ts');
