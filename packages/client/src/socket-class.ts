/** What `follow` needs of a WebSocket: the browser's, Node 22's, or the `ws` package's. */
export type Socket = {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number): void;
};

export type SocketClass = new (url: string) => Socket;

/** The platform's own WebSocket class, where it has one. */
export function platformSocketClass(): SocketClass | undefined {
  return (globalThis as { WebSocket?: SocketClass }).WebSocket;
}
