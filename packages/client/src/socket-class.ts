/** The part of WebSocket that `follow` uses; browsers, Node 22 and the `ws` package have it. */
export type Socket = {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number): void;
};

export type SocketClass = new (url: string) => Socket;

/** The platform's WebSocket class, if it has one. */
export function platformSocketClass(): SocketClass | undefined {
  return (globalThis as { WebSocket?: SocketClass }).WebSocket;
}
