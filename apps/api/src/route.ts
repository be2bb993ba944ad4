import type { z } from 'zod';

import type { ApiContext, ApiHandler } from './api-context.ts';

/** One call of the API. Its file is named after its path, parameters left out. */
export type Route = {
  /** Method and path. Paths under `/v1` are in lower case here (see `route-path.ts`). */
  readonly call: `${'GET' | 'POST'} /${string}`;
  /** The shape of a successful answer; null where the answer is not JSON, or not ours. */
  readonly answer: z.ZodType | null;
  readonly open: (ctx: ApiContext) => ApiHandler;
};
