import type { ApiContext, ApiHandler } from '../../api-context.ts';
import { answerHeaders } from '../../http/answer.ts';
import { describeRoutes } from '../../openapi/describe-routes.ts';
import type { Route } from '../../route.ts';

/** The calls under `/v1` as an OpenAPI document, derived from the routes and the schemas of their answers. */
export const openApiRoute: Route = {
  call: 'GET /v1/openapi.json',
  answer: null,
  open: answerDocument,
};

function answerDocument(ctx: ApiContext): ApiHandler {
  let text: string | null = null;
  return async (c) => {
    // Imported when it is asked for, since the list of all routes imports this file.
    const { ROUTES } = await import('../../routes.ts');
    text ??= JSON.stringify(describeRoutes(ROUTES, ctx.settings.apiUrl));
    c.var.trace.answerBytes = Buffer.byteLength(text);
    return new Response(text, { headers: answerHeaders(c, 'application/json; charset=utf-8') });
  };
}
