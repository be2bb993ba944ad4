/** The input of a form, kept for this tab, so that it survives signing in and going back. */
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
    // The storage is full or disabled: the page works without drafts.
  }
}

const keyOf = (model: string) => `runfleet:draft:${model}`;
