import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a server, and can lose an answer on its way or break, as networks do. */
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

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The next answer never arrives: `meanwhile` happens when the api has given it, then the connection ends. */
  loseNextAnswer(meanwhile: () => Promise<void> = async () => {}): void {
    this.#onAnswer = meanwhile;
  }

  /** Every connection is reset in the place of the n-th answer from now on, from 1; 0 takes that back. */
  cutAtAnswer(n: number): void {
    this.#answersUntilCut = n;
  }

  /** Resets every connection, and each new one, until `restore`. */
  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Nothing passes until `restore`; connections stay, and new ones are taken. */
  stall(): void {
    this.#state = 'stalled';
    for (const socket of this.#sockets) socket.pause();
  }

  restore(): void {
    this.#state = 'whole';
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server.close(), 'close');
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
      // `close` follows, which tells the other side.
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
  }
}
