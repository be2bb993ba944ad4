import { setImmediate } from 'node:timers/promises';

/** Echoes the prompt and yields to the event loop after each word, as Runfleet's echo engine does. */
export async function echo(prompt: string): Promise<string> {
  let answer = '';
  for (const word of prompt.match(/\s*\S+/gu) ?? []) {
    await setImmediate();
    answer += word;
  }
  return answer;
}
