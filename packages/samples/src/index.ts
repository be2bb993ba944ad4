export { writeFormRun } from './form-sample.ts';
export { type SampleCall, WAIT_SECONDS } from './sample-call.ts';
export {
  SAMPLE_LANGUAGE_KEYS,
  SAMPLE_LANGUAGES,
  type SampleLanguage,
  type SampleLanguageKey,
} from './sample-languages.ts';
