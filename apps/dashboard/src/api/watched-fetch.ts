import { reportAnswered, reportAway } from './server-away.ts';

const GATEWAY_FAULTS: readonly number[] = [502, 503, 504];

/** `fetch` that tells the reachability banner what it saw. */
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
