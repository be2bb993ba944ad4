// A process in Node 20 cannot start from TypeScript without a loader, so its entry is plain JavaScript.
import { Worker } from 'node:worker_threads';

import { register } from 'tsx/esm/api';

// A thread, because reading a file blocks this one.
const guard = new Worker(new URL('./guard-thread.mjs', import.meta.url), {
  argv: process.argv.slice(2),
});
guard.unref();
const unregister = register();
await import('./pdf-process.ts');
// The library, which is loaded later, needs no compiler.
await unregister();
