import type { DevFile } from './start-runfleet.ts';

export type Cookie = { name: string; value: string; url: string };

/** Provided by the global setup; null without a Chromium. */
export type Stage = { chromium: string; dev: DevFile; cookies: Cookie[] };

declare module 'vitest' {
  interface ProvidedContext {
    stage: Stage | null;
  }
}
