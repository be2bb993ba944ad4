import { SAMPLE_LANGUAGE_KEYS, type SampleLanguageKey } from '@runfleet/samples';
import { useState } from 'react';

const KEY = 'runfleet:sample-language';

/** The language of the samples, which this browser remembers. */
export function useSampleLanguage(): [SampleLanguageKey, (language: SampleLanguageKey) => void] {
  const [language, setLanguage] = useState(readLanguage);
  const choose = (chosen: SampleLanguageKey) => {
    setLanguage(chosen);
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // The storage is full or disabled: the choice lasts until the page is left.
    }
  };
  return [language, choose];
}

function readLanguage(): SampleLanguageKey {
  try {
    const stored = localStorage.getItem(KEY);
    return SAMPLE_LANGUAGE_KEYS.find((key) => key === stored) ?? 'curl';
  } catch {
    return 'curl';
  }
}
