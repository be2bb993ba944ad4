/**
 * The installed ONNX Runtime: its version, and its providers with whether each one's code is in the
 * library itself.
 */
export type OnnxRuntimeFacts = {
  version: string | undefined;
  providers: { name: string; bundled: boolean }[];
};

/** Loads the library; throws if this machine cannot. */
export async function describeOnnxRuntime(): Promise<OnnxRuntimeFacts> {
  const { env, listSupportedBackends } = await import('./onnxruntime-node.ts');
  return {
    version: env.versions.node,
    providers: listSupportedBackends().map(({ name, bundled }) => ({ name, bundled })),
  };
}
