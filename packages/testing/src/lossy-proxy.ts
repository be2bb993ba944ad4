import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy that loses answers, stalls, resets connections or loses them silently, as networks do. */
export class LossyProxy implements AsyncDisposable {
  /** Where new connections go: any URL with a host and a port. */
  target: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #onAnswer: (() => Promise<void>) | null = null;
  #answersUntilCut = 0;
  #state: 'whole' | 'cut' | 'stalled' = 'whole';

  private constructor(target: string) {
    this.target = target;
    this.#server = createServer({ noDelay: true }, (client) => this.#forward(client));
  }

  static async start(target: string): Promise<LossyProxy> {
    const proxy = new LossyProxy(target);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  /** The address of the proxy as an HTTP origin. */
  get url(): string {
    return `http://${this.#host}`;
  }

  /** `url` with the proxy's address in place of the server's. */
  through(url: string): string {
    const changed = new URL(url);
    changed.host = this.#host;
    return changed.href;
  }

  /** Drops the next answer. Waits for `beforeClose` once the server has sent it, then closes the connection. */
  loseNextAnswer(beforeClose: () => Promise<void> = async () => {}): void {
    this.#onAnswer = beforeClose;
  }

  /** Resets every connection in place of the n-th answer from now, counted from 1; 0 cancels. */
  cutAtAnswer(n: number): void {
    this.#answersUntilCut = n;
  }

  /** Resets every connection, and each new one, until `restore`. */
  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Forwards nothing until `restore`. Connections stay open, and new ones are accepted. */
  stall(): void {
    this.#state = 'stalled';
    for (const socket of this.#sockets) socket.pause();
  }

  /** Open connections stay open and never carry data again; new ones work. */
  lose(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').pause();
  }

  restore(): void {
    this.#state = 'whole';
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server.close(), 'close');
  }

  get #host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #forward(client: Socket): void {
    if (this.#state === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const { hostname, port } = new URL(this.target);
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    let isLost = false;
    upstream.on('data', (answer) => {
      if (this.#answersUntilCut > 0 && --this.#answersUntilCut === 0) {
        this.cut();
        this.restore();
        return;
      }
      const onAnswer = this.#onAnswer;
      this.#onAnswer = null;
      if (onAnswer) {
        isLost = true;
        void onAnswer().finally(() => client.destroy());
      }
      if (!isLost) client.write(answer);
    });
    client.on('data', (request) => upstream.write(request));
    upstream.on('close', () => isLost || client.destroy());
    client.on('close', () => upstream.destroy());
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      if (this.#state === 'stalled') socket.pause();
      // `close` follows an error and ends the other side.
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
  }
}
