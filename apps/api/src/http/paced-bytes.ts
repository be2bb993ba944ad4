import type { Socket } from 'node:net';

/** Some ten of the smallest requests. */
const FIRST_SLICE_BYTES = 1024;
/** More than Node reads from a socket at once; a peer that gets beyond it ignores that we pause. */
const HELD_BYTES_MAX = 1024 * 1024;

/**
 * Feeds a connection's bytes to Node's HTTP parser in slices, as long as `mayGoOn`. A slice that
 * brought nothing to wait for is followed by one twice as long, so a body is fed in few.
 */
export class PacedBytes {
  readonly #socket: Socket;
  readonly #mayGoOn: () => boolean;
  readonly #parse: (chunk: Buffer) => void;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isFeeding = false;

  /** To be called when the server has set up the connection, whose listener it takes over. */
  constructor(socket: Socket, mayGoOn: () => boolean) {
    this.#socket = socket;
    this.#mayGoOn = mayGoOn;
    const parsers = socket.listeners('data') as ((chunk: Buffer) => void)[];
    for (const parser of parsers) socket.off('data', parser);
    this.#parse = (chunk) => {
      for (const parser of parsers) parser.call(socket, chunk);
    };
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.once('close', () => this.#drop());
  }

  get isHolding(): boolean {
    return this.#heldBytes > 0;
  }

  /** Feeds what was held and lets more come, as far as that may go on. */
  goOn(): void {
    if (this.#socket.destroyed) return this.#drop();
    this.#feed();
    if (this.#heldBytes === 0 && this.#mayGoOn()) this.#socket.resume();
  }

  #take(chunk: Buffer): void {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > HELD_BYTES_MAX) return void this.#socket.destroy();
    this.#feed();
    if (this.#heldBytes > 0) this.#socket.pause();
  }

  #feed(): void {
    if (this.#isFeeding) return;
    this.#isFeeding = true;
    let sliceBytes = FIRST_SLICE_BYTES;
    while (this.#mayGoOn() && !this.#socket.destroyed) {
      const [chunk] = this.#held;
      if (chunk === undefined) break;
      const slice = chunk.subarray(0, sliceBytes);
      if (slice.length === chunk.length) this.#held.shift();
      else this.#held[0] = chunk.subarray(sliceBytes);
      this.#heldBytes -= slice.length;
      sliceBytes *= 2;
      this.#parse(slice);
    }
    this.#isFeeding = false;
  }

  #drop(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }
}
