// In Node 20 a thread cannot load TypeScript, whatever loader the main program uses, and `--import
// tsx` registers itself in main threads only. So this file is plain JavaScript.
import { register } from 'tsx/esm/api';

// If Node has Float16Array (24 and later), onnxruntime-common passes half-precision tensors as one,
// and the binding of 1.30 reads those as empty. Without it both use Uint16Array.
Reflect.deleteProperty(globalThis, 'Float16Array');

register();
