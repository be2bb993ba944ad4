import type { IncomingHttpHeaders } from 'node:http';

/** Every limit is required: the other side chooses how slow and how large it is. */
export type OutboundLimits = {
  /** From the start of a call, or of a redirect, until its connection (name, TCP, TLS) is open. */
  connectMs: number;
  /** From then until the head of the answer has arrived. */
  headMs: number;
  /** The whole call, with redirects and the body. */
  totalMs: number;
  headBytes: number;
  bodyBytes: number;
};

export type OutboundRequest = {
  method: 'GET' | 'POST';
  url: string;
  /** `authorization` and `cookie` are sent to the first origin only. */
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** How many redirects a GET follows; the answer of one beyond that is returned. */
  redirectsMax: number;
  limits: OutboundLimits;
  signal?: AbortSignal;
};

/** Disposing it closes the connection, read to its end or not. */
export type OutboundAnswer = Disposable & {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The address that answered, after redirects. */
  readonly url: string;
  /** Throws `OutboundError` beyond a limit, and for a body that breaks off. */
  readonly body: AsyncIterable<Buffer>;
};
