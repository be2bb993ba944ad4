/** The migrations and their journal, as drizzle-kit writes them. */
export const MIGRATIONS_FOLDER = new URL('../migrations/', import.meta.url);
