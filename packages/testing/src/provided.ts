declare module 'vitest' {
  interface ProvidedContext {
    /** A user of this Postgres may create databases. */
    postgresUrl: string;
    redisUrl: string;
    /** What this run's databases and claims are named after: lower-case letters and digits. */
    runId: string;
    /** A folder that goes when the run ends. */
    runFolder: string;
  }
}

export {};
