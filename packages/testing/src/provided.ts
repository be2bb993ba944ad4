declare module 'vitest' {
  interface ProvidedContext {
    /** The user of this URL may create databases. */
    postgresUrl: string;
    redisUrl: string;
    /** Part of the names of this run's databases and claims: lower-case letters and digits. */
    runId: string;
    /** A folder that is removed when the run ends. */
    runFolder: string;
  }
}

export {};
