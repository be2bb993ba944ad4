import type { z } from 'zod';

import type { ApiContext, ApiHandler } from './api-context.ts';

/** One call of the API. Its file is named after its path without parameters. */
export type Route = {
  /** Method and path. Paths under `/v1` are in lower case here (see `route-path.ts`). */
  readonly call: `${'GET' | 'POST'} /${string}`;
  /** The shape of a successful answer; null if the answer is not JSON or another library defines it. */
  readonly answer: z.ZodType | null;
  readonly open: (ctx: ApiContext) => ApiHandler;
};
