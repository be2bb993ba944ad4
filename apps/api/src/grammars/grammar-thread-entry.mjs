// A thread in Node 20 cannot start from TypeScript, whatever loader the main program uses. So the
// thread's entry is plain JavaScript.
import { register } from 'tsx/esm/api';

register();

await import('./grammar-thread.ts');
