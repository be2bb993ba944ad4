/** The input of a form that was not run yet, kept for this tab: signing in or going back loses nothing. */
import type { FormValues } from './form-values.ts';

export function readDraft(model: string): FormValues | null {
  try {
    const text = sessionStorage.getItem(keyOf(model));
    return text === null ? null : (JSON.parse(text) as FormValues);
  } catch {
    return null;
  }
}

export function keepDraft(model: string, values: FormValues): void {
  try {
    sessionStorage.setItem(keyOf(model), JSON.stringify(values));
  } catch {
    // Full or switched off: the page works without drafts.
  }
}

const keyOf = (model: string) => `runfleet:draft:${model}`;
