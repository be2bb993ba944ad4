import { EngineError } from '../engine-error.ts';

/** Turns the library's message about a graph that did not open into what to do about it. */
export function explainLoadFailure(
  error: unknown,
  graphPath: string,
  provider: string,
): EngineError {
  const reason = firstLine(error);
  const missing =
    /(?<library>lib[\w+-]+\.so(?:\.(?<major>\d+)\b)?)[^:]*: cannot open shared object/u.exec(
      error instanceof Error ? error.message : String(error),
    )?.groups;
  if (provider === 'cuda' && missing && !missing['library']?.includes('onnxruntime')) {
    const { library = '', major = '' } = missing;
    const what = library.startsWith('libcudnn') ? `cuDNN ${major}` : `the CUDA ${major} runtime`;
    return new EngineError(
      'infra',
      `The cuda provider does not load: it needs ${library}, which this machine lacks. Install ${what} (another major version will not do), or choose provider cpu.`,
      { cause: error },
    );
  }
  if (/alloc|out of memory|cannot allocate/iu.test(reason)) {
    return new EngineError(
      'infra',
      `Not enough memory to load ${graphPath} on ${provider} (${reason}). Use a smaller model or a larger machine.`,
      { cause: error },
    );
  }
  if (/provider|failed to load (?:shared )?library|vulkan|adapter|dawn|webgpu/iu.test(reason)) {
    return new EngineError(
      'infra',
      `The ${provider} provider does not load (${reason}). Install its library, or choose provider cpu.`,
      { cause: error },
    );
  }
  return new EngineError(
    'model',
    `${graphPath} does not load (${reason}). It or its .data file is damaged or truncated: copy the folder again.`,
    { cause: error },
  );
}

/** The first line of an error that may be pages long; at most 500 characters. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0]?.slice(0, 500) ?? '';
}
