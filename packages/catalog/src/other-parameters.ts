/**
 * Parameters that published clients of this API send to chat models and that have no effect here. A value
 * that requests nothing is accepted, so that such a client works. Any other value is refused with the
 * reason: if it was ignored, the caller would believe that it took effect.
 */
import { isBlank, numberOf, switchOf } from './read-parameter.ts';

type Neutral = (value: unknown, name: string) => boolean;
type OtherParameter = { isNeutral: Neutral; reason: string };

const LABEL_CHARACTERS_MAX = 256;

const blank: Neutral = (value) => isBlank(value) || isEmptyList(value);
const label: Neutral = (value) =>
  isBlank(value) || (typeof value === 'string' && value.length <= LABEL_CHARACTERS_MAX);
const anySwitch: Neutral = (value, name) => isBlank(value) || switchOf(value, name) !== undefined;
const offSwitch: Neutral = (value, name) => isBlank(value) || switchOf(value, name) === false;
const numbers =
  (...neutral: number[]): Neutral =>
  (value) =>
    isBlank(value) || neutral.includes(numberOf(value));
const words =
  (...neutral: string[]): Neutral =>
  (value) =>
    isBlank(value) || (typeof value === 'string' && neutral.includes(value));

const LABEL = `must be a string of at most ${LABEL_CHARACTERS_MAX} characters`;
const OTHER_MODEL = 'is not supported: the path names the model.';
const TEXT_ONLY = 'is not supported: this model reads only text.';
const RETRIEVAL = 'is not supported: this model retrieves nothing. Put the text into [prompt].';
const REASONING = 'is not supported: this model does not reason before it answers.';
const BEAMS = 'is not supported: there is no beam search.';

export const OTHER_PARAMETERS: Readonly<Record<string, OtherParameter>> = {
  user: { isNeutral: label, reason: LABEL },
  selectedModel: { isNeutral: blank, reason: OTHER_MODEL },
  selectedModelPrivate: { isNeutral: blank, reason: OTHER_MODEL },
  // It concerns memory, not the answer, and the operator chooses the weights.
  quantization: { isNeutral: anySwitch, reason: 'must be true or false' },
  length_penalty: { isNeutral: numbers(0, 1), reason: BEAMS },
  numBeams: { isNeutral: numbers(0, 1), reason: BEAMS },
  n: { isNeutral: numbers(1), reason: 'is not supported: one run gives one answer.' },
  stream: {
    isNeutral: offSwitch,
    reason: 'is not supported: follow the task by its socketaccesstoken.',
  },
  reasoning: { isNeutral: words('none'), reason: REASONING },
  reasoningEffort: { isNeutral: words('none'), reason: REASONING },
  thinkingLevel: { isNeutral: words('none'), reason: REASONING },
  thinkingType: { isNeutral: words('disabled', 'auto'), reason: REASONING },
  thinkingBudget: { isNeutral: numbers(0, -1), reason: REASONING },
  verbosity: {
    isNeutral: words('medium'),
    reason: 'is not supported. Ask for the length in [system_prompt].',
  },
  webSearch: { isNeutral: offSwitch, reason: RETRIEVAL },
  websiteUrl: { isNeutral: blank, reason: RETRIEVAL },
  github_owner: { isNeutral: blank, reason: RETRIEVAL },
  github_repo: { isNeutral: blank, reason: RETRIEVAL },
  github_branch: { isNeutral: blank, reason: RETRIEVAL },
  github_token: { isNeutral: blank, reason: RETRIEVAL },
  inputDocumentMultiple: { isNeutral: blank, reason: RETRIEVAL },
  inputDocumentUrlMultiple: { isNeutral: blank, reason: RETRIEVAL },
  chunk_size: { isNeutral: numbers(0), reason: RETRIEVAL },
  chunk_overlap: { isNeutral: numbers(0), reason: RETRIEVAL },
  similarity_top_k: { isNeutral: numbers(0), reason: RETRIEVAL },
  context_window: { isNeutral: numbers(0), reason: RETRIEVAL },
  inputAllUrl: { isNeutral: blank, reason: TEXT_ONLY },
  inputImageUrl: { isNeutral: blank, reason: TEXT_ONLY },
  inputVideoUrl: { isNeutral: blank, reason: TEXT_ONLY },
};

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
