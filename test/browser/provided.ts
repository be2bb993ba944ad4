import type { DevFile } from './start-runfleet.ts';

export type Cookie = { name: string; value: string; url: string };

/** What the global setup made ready; null where there is no Chromium. */
export type Stage = { chromium: string; dev: DevFile; cookies: Cookie[] };

declare module 'vitest' {
  interface ProvidedContext {
    stage: Stage | null;
  }
}
