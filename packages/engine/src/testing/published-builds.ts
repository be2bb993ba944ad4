import type { ModelSize } from '../builder/model-size.ts';

type Build = Pick<ModelSize, 'precision' | 'variant' | 'quantizer' | 'blockSize' | 'accuracyLevel'>;

const RTN: Build = {
  precision: 'int4',
  variant: 'cpu',
  quantizer: 'rtn',
  blockSize: 32,
  accuracyLevel: 0,
};
const AWQ: Build = { ...RTN, quantizer: 'awq', blockSize: 128 };

/** The published builds of Phi-3 and Phi-3.5, by the names of their folders. */
export const PUBLISHED_BUILDS = {
  'cpu-int4-awq-block-128-acc-level-4': { ...AWQ, accuracyLevel: 4 },
  'gpu-int4-awq-block-128': { ...AWQ, variant: 'gpu' },
  'cpu-int4-rtn-block-32': RTN,
  'cpu-int4-rtn-block-32-acc-level-4': { ...RTN, accuracyLevel: 4 },
  'cuda-int4-rtn-block-32': { ...RTN, variant: 'cuda' },
  'cuda-fp16': { ...RTN, precision: 'fp16', variant: 'cuda' },
  'gpu-fp16': { ...RTN, precision: 'fp16', variant: 'gpu' },
} as const satisfies Record<string, Build>;
