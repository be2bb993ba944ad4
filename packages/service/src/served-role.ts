import type { Server } from 'node:http';

import type { Health } from './health.ts';
import { StopNotice } from './stop-notice.ts';

/** A role that serves a port. Disposing gives notice first. */
export type ServedRole = AsyncDisposable & {
  readonly url: string;
  /** Resolves when the port may be closed; until then the role serves. */
  giveNotice(): Promise<void>;
};

/** A role that listens on `server`. `close` ends what it serves and closes its resources. */
export function servedRole(role: {
  url: string;
  server: Server;
  health: Health;
  noticeSeconds: number;
  close(this: void): Promise<void>;
}): ServedRole {
  const { url, server, health, noticeSeconds, close } = role;
  const notice = new StopNotice(server, { health, noticeMs: noticeSeconds * 1_000 });
  return {
    url,
    giveNotice: () => notice.give(),
    [Symbol.asyncDispose]: async () => {
      await notice.give();
      await close();
    },
  };
}
