// A thread in Node 20 knows no TypeScript, whatever loader the main program runs under, and
// `--import tsx` registers itself in main threads only. This file is plain so that it can start.
import { register } from 'tsx/esm/api';

register();
await import('./engine-thread.ts');
