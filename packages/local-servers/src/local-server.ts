/** A server that answers at `url`. Disposing stops exactly what was started for it. */
export type LocalServer = AsyncDisposable & {
  url: string;
  /** A description for people: "PostgreSQL 15.18 from /usr/lib/postgresql/15/bin, data in …". */
  how: string;
};

/** A server that this package started. */
export type StartedServer = LocalServer & {
  /** Kills it, as in a crash; its files stay until it is disposed. */
  kill(): Promise<void>;
  /** Resolves when its process has exited: `stopped` if this process asked for it. */
  untilExit(): Promise<'stopped' | 'crashed'>;
  /** Starts it again at its URL, with its data, after it has exited. */
  restart(): Promise<void>;
  /** The last lines of its log. */
  logEnd(): Promise<string>;
  /** Suspends or resumes its process. Does nothing if the process has ended. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Removing this while the server is down makes it start empty; its password stays. */
  dataPath: string;
};

export type StartOptions = {
  /** Where the server's files are kept between starts. */
  dataDir: string;
  /** Keeps nothing: the files are in a temporary folder that is removed with the server. */
  ephemeral: boolean;
  /** The preferred port; the next free one is used if it is taken. Any port if left out. */
  port?: number;
  /** Called for every step that may take long, with a sentence without a full stop. */
  onProgress: (step: string) => void;
};

export type BringOptions = StartOptions & {
  /** An existing server. It is checked, used and never stopped. */
  givenUrl?: string;
};
