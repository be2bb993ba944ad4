// A thread in Node 20 knows no TypeScript, whatever loader the main program runs under, and
// `--import tsx` registers itself in main threads only. This file is plain so that it can start.
import { register } from 'tsx/esm/api';

// Where Node has Float16Array (24 and later), onnxruntime-common hands half-precision tensors over in
// it, and the binding of 1.30 reads those as empty. Without it both agree on Uint16Array.
Reflect.deleteProperty(globalThis, 'Float16Array');

register();
