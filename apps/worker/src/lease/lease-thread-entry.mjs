// A thread in Node 20 knows no TypeScript, whatever loader the main program runs under. This file is
// plain so that it can start.
import { register } from 'tsx/esm/api';

register();

await import('./lease-thread.ts');
