/**
 * Calls to addresses that tenants supplied. A name is resolved once, its addresses are checked, and the
 * socket gets exactly the checked ones: an answer of DNS that changes in between has no effect. Each call
 * has a connection of its own, so no connection outlives the check of its address.
 */
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { BlockList } from 'node:net';

import { explainFailure } from './explain-failure.ts';
import { OutboundError } from './outbound-error.ts';
import type { OutboundAnswer, OutboundRequest } from './outbound-request.ts';
import { parseOutboundUrl } from './parse-outbound-url.ts';
import { lookupOf, openResolver, resolveHost, type Resolver } from './resolve-host.ts';
import { TimeLimits } from './time-limits.ts';
import { whenAborted } from './when-aborted.ts';

export type Outbound = {
  /** Throws `OutboundError`, or the reason of the request's signal. Any status is an answer. */
  call(request: OutboundRequest): Promise<OutboundAnswer>;
};

type Ctx = {
  /** Networks besides the public internet that may be called; null: none. */
  openNetworks: BlockList | null;
  resolver: Resolver;
  /** Certificates that are trusted instead of those of the system. */
  ca: string | undefined;
};

/** Interim answers (1xx) of one call. Node counts none of their bytes as part of the head. */
const INTERIM_ANSWERS_MAX = 8;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Not sent to the origin to which a server redirects. */
const CREDENTIALS = new Set(['authorization', 'cookie']);

export function openOutbound(options: Partial<Ctx> & Pick<Ctx, 'openNetworks'>): Outbound {
  const { openNetworks, resolver = openResolver(), ca } = options;
  return { call: (request) => call({ openNetworks, resolver, ca }, request) };
}

async function call(ctx: Ctx, request: OutboundRequest): Promise<OutboundAnswer> {
  const time = new TimeLimits(request.limits, request.signal);
  try {
    let url = parseOutboundUrl(request.url, ctx.openNetworks);
    const { origin } = url;
    for (let redirects = 0; ; redirects += 1) {
      const response = await send(ctx, url, headersFor(url, request, origin), request, time);
      const next = request.redirectsMax === 0 ? null : locationOf(response, url);
      if (next === null) return answerOf(response, url, request, time);
      response.destroy();
      if (redirects === request.redirectsMax) {
        throw refused(`redirects more than ${request.redirectsMax} times`);
      }
      url = follow(ctx, url, next);
    }
  } catch (error) {
    time[Symbol.dispose]();
    throw error;
  }
}

async function send(
  ctx: Ctx,
  url: URL,
  headers: Record<string, string>,
  request: OutboundRequest,
  time: TimeLimits,
): Promise<IncomingMessage> {
  time.connecting();
  const addresses = await untilStopped(resolveHost(url, ctx), time.signal);
  const isSecure = url.protocol === 'https:';
  const client = (isSecure ? requestHttps : requestHttp)(url, {
    method: request.method,
    headers,
    agent: false,
    lookup: lookupOf(addresses),
    maxHeaderSize: request.limits.headBytes,
    ...(isSecure && { rejectUnauthorized: true, ca: ctx.ca }),
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    client.once('socket', (socket) => {
      socket.once(isSecure ? 'secureConnect' : 'connect', () => time.connected());
    });
    client.once('response', resolve);
    let interim = 0;
    client.on('information', () => {
      interim += 1;
      if (interim > INTERIM_ANSWERS_MAX) client.destroy(tooManyInterim());
    });
    client.on('error', (error) => reject(explainFailure(error, time.signal)));
    // An answer that changes the protocol ends here without an error.
    client.once('close', () => reject(new OutboundError('malformed', 'The answer is not HTTP.')));
    client.end(request.body);
  });
  using _stop = whenAborted(time.signal, (reason) => client.destroy(reason));
  return await answered;
}

function answerOf(
  response: IncomingMessage,
  url: URL,
  { limits }: OutboundRequest,
  time: TimeLimits,
): OutboundAnswer {
  time.answered();
  // A body that no one reads may break off.
  response.on('error', () => {});
  const stop = whenAborted(time.signal, (reason) => response.destroy(reason));
  const close = () => {
    stop[Symbol.dispose]();
    time[Symbol.dispose]();
    response.destroy();
  };
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    url: url.href,
    body: readBody(response, limits.bodyBytes, time, close),
    [Symbol.dispose]: close,
  };
}

async function* readBody(
  response: IncomingMessage,
  bytesMax: number,
  time: TimeLimits,
  close: () => void,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        throw new OutboundError('too_large', `The answer has more than ${bytesMax} bytes.`);
      }
      yield chunk;
    }
  } catch (error) {
    throw explainFailure(error, time.signal);
  } finally {
    close();
  }
}

/** Where an answer redirects to; null if it does not. */
function locationOf({ statusCode = 0, headers }: IncomingMessage, url: URL): string | null {
  if (!REDIRECTS.has(statusCode) || headers.location === undefined) return null;
  if (!URL.canParse(headers.location, url.href)) throw refused('redirects to no URL');
  return new URL(headers.location, url).href;
}

function follow({ openNetworks }: Ctx, from: URL, to: string): URL {
  const next = parseOutboundUrl(to, openNetworks);
  if (from.protocol === 'https:' && next.protocol !== 'https:') {
    throw refused('redirects from https:// to http://');
  }
  return next;
}

function headersFor(
  url: URL,
  { headers = {} }: OutboundRequest,
  firstOrigin: string,
): Record<string, string> {
  const sent = Object.entries(headers).filter(
    ([name]) => url.origin === firstOrigin || !CREDENTIALS.has(name.toLowerCase()),
  );
  return { 'accept-encoding': 'identity', ...Object.fromEntries(sent) };
}

/** A name is resolved without a signal; the call does not wait for it any longer than for the rest. */
async function untilStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = whenAborted(signal, () => {});
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = whenAborted(signal, reject);
  });
  using _stop = stop;
  return await Promise.race([work, stopped]);
}

const tooManyInterim = () =>
  new OutboundError('malformed', `The answer begins with more than ${INTERIM_ANSWERS_MAX} of 1xx.`);

function refused(problem: string): OutboundError {
  return new OutboundError('refused', `The address ${problem}.`);
}
