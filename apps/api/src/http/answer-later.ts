import type { Hono } from 'hono';

import type { ApiEnv } from '../api-context.ts';

/**
 * The answer of a call that takes long. The call returns a placeholder, so that its context and the
 * frames of its middleware are freed: a wait of minutes holds a quarter less memory.
 */
const LATER = new WeakMap<Response, Promise<Response>>();

/** A placeholder for an answer that never rejects. */
export function answerLater(answer: Promise<Response>): Response {
  const placeholder = new Response(null);
  LATER.set(placeholder, answer);
  return placeholder;
}

/** What a placeholder stands for. */
export function laterAnswer(response: Response): Promise<Response> | undefined {
  return LATER.get(response);
}

/** Makes an application answer with what its placeholders stand for. */
export function awaitLaterAnswers(api: Hono<ApiEnv>): void {
  const dispatch = api.fetch;
  api.fetch = (...call) => {
    const answered = dispatch(...call);
    return answered instanceof Promise ? answered.then(resolved) : resolved(answered);
  };
}

function resolved(response: Response): Response | Promise<Response> {
  return LATER.get(response) ?? response;
}
