import { env, InferenceSession } from 'onnxruntime-node';

import { explainLoadFailure } from '../explain-load-failure.ts';
import type { ProviderName } from '../provider.ts';

/** Opens the graph with the stock binding. Throws `EngineError` that says what to do. */
export async function openSession(
  graphPath: string,
  { provider, threads }: { provider: ProviderName; threads: number },
): Promise<InferenceSession> {
  // What goes wrong is in the error; the library's own log would write past our logger.
  env.logLevel = 'fatal';
  try {
    return await InferenceSession.create(graphPath, {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Threads that spin between steps take the cores that the rest of the machine needs.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      logSeverityLevel: 4,
    });
  } catch (error) {
    throw explainLoadFailure(error, graphPath, provider);
  }
}
