import { reportAnswered, reportAway } from './server-away.ts';

const GATEWAY_FAULTS: readonly number[] = [502, 503, 504];

/** `fetch` that reports to `server-away.ts` whether the server answered. */
export const watchedFetch: typeof fetch = async (input, init) => {
  try {
    const response = await fetch(input, init);
    if (GATEWAY_FAULTS.includes(response.status)) reportAway();
    else reportAnswered();
    return response;
  } catch (cause) {
    if (init?.signal?.aborted !== true) reportAway();
    throw cause;
  }
};
