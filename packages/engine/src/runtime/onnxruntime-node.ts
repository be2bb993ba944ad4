/**
 * The only module that loads onnxruntime-node, so that telemetry is off before the library loads.
 */
import './turn-off-telemetry.ts';

// oxlint-disable-next-line no-restricted-imports -- the only module that may
export { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
