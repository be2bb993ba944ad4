/** All that loads onnxruntime-node, so that its telemetry is off before its library is there. */
import './turn-off-telemetry.ts';

// oxlint-disable-next-line no-restricted-imports -- the one place that may
export { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
