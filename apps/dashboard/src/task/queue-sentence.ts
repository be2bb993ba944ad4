import type { QueuePlace } from '@runfleet/protocol';

import { wholeDuration } from '../format/moment.ts';

const ORDINALS = new Intl.PluralRules('en', { type: 'ordinal' });
const SUFFIXES: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'st', two: 'nd', few: 'rd' };

/** `3rd in line, about 20 s`: the position and the estimated wait of a queued task, if known. */
export function queueSentence({ place, waitSeconds, pauseSeconds }: QueuePlace): string | null {
  if (pauseSeconds !== null)
    return `An attempt failed. The next one starts in about ${roughly(pauseSeconds)}.`;
  const wait = waitSeconds === null ? null : `about ${roughly(waitSeconds)}`;
  const line = place === null ? null : place === 1 ? 'Next in line' : `${ordinal(place)} in line`;
  if (line === null) return wait === null ? null : `Starts in ${wait}.`;
  return wait === null ? `${line}.` : `${line}, ${wait}.`;
}

function ordinal(place: number): string {
  return `${place.toLocaleString('en')}${SUFFIXES[ORDINALS.select(place)] ?? 'th'}`;
}

/** Rounds an estimate to its precision. */
function roughly(seconds: number): string {
  const step = seconds < 20 ? 1 : seconds < 120 ? 5 : 60;
  return wholeDuration(Math.round(seconds / step) * step);
}
