/** Receives a line for each thing that happens in a life; null where the life is not traced. */
export type Trace = ((source: string, text: string) => void) | null;
