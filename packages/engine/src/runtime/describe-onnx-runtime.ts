/** What the installed ONNX Runtime is: its version, and its providers with whether their code is in the library itself. */
export type OnnxRuntimeFacts = {
  version: string | undefined;
  providers: { name: string; bundled: boolean }[];
};

/** Loads the library; throws where this machine cannot. */
export async function describeOnnxRuntime(): Promise<OnnxRuntimeFacts> {
  const { env, listSupportedBackends } = await import('./onnxruntime-node.ts');
  return {
    version: env.versions.node,
    providers: listSupportedBackends().map(({ name, bundled }) => ({ name, bundled })),
  };
}
