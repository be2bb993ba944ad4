/** A server that answers at `url`. Disposing of it stops exactly what was started for it. */
export type LocalServer = AsyncDisposable & {
  url: string;
  /** A sentence for people: "PostgreSQL 15.18 from /usr/lib/postgresql/15/bin, data in …". */
  how: string;
};

/** A server that we started ourselves. */
export type StartedServer = LocalServer & {
  /** Ends it as a crash would; its files stay until it is disposed of. */
  kill(): Promise<void>;
  /** Pauses its process, or lets it go on. Does nothing to one that has ended. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Removing this while the server is down makes it start empty; its password stays. */
  dataPath: string;
};

export type StartOptions = {
  /** Where the server's files are kept between starts. */
  dataDir: string;
  /** Keep nothing: the files lie in a temporary folder that goes when the server does. */
  ephemeral: boolean;
  /** The port to prefer; the next free one is taken if it is in use. Any port, if left out. */
  port?: number;
  /** Told of every step that may take long, as a sentence without a full stop. */
  onProgress: (step: string) => void;
};

export type BringOptions = StartOptions & {
  /** A server that is already there. It is checked, used, and never stopped. */
  givenUrl?: string;
};
