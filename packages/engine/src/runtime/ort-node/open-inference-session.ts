import { explainLoadFailure } from '../explain-load-failure.ts';
import { env, InferenceSession } from '../onnxruntime-node.ts';
import type { Target } from '../provider.ts';

/** Opens the graph with the stock binding. Throws `EngineError`, which explains what to do. */
export async function openInferenceSession(
  graphPath: string,
  { provider, threads, deviceIndex = 0 }: Target,
): Promise<InferenceSession> {
  // Errors carry the message; the library's own log would bypass our logger.
  env.logLevel = 'fatal';
  try {
    return await InferenceSession.create(graphPath, {
      executionProviders: [
        provider === 'cuda' ? { name: provider, deviceId: deviceIndex } : provider,
      ],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Threads spin for each other within a run; between runs that would take cores from others.
      extra: { session: { force_spinning_stop: '1' } },
      logSeverityLevel: 4,
    });
  } catch (error) {
    throw explainLoadFailure(error, graphPath, provider);
  }
}
