import type { Socket } from 'node:net';

/** About ten of the smallest requests. */
const FIRST_SLICE_BYTES = 1024;
/** More than Node reads from a paused socket; a connection beyond it is closed. */
const HELD_BYTES_MAX = 1024 * 1024;

/**
 * Passes a connection's bytes to Node's HTTP parser in slices while `mayResume` is true. Each slice is
 * twice as long as the one before, so a long body needs few slices.
 */
export class PacedBytes {
  readonly #socket: Socket;
  readonly #mayResume: () => boolean;
  readonly #parse: (chunk: Buffer) => void;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isFeeding = false;

  /** Call it when the server has set up the connection; it takes over the parser's listener. */
  constructor(socket: Socket, mayResume: () => boolean) {
    this.#socket = socket;
    this.#mayResume = mayResume;
    const parsers = socket.listeners('data') as ((chunk: Buffer) => void)[];
    for (const parser of parsers) socket.off('data', parser);
    this.#parse = (chunk) => {
      for (const parser of parsers) parser.call(socket, chunk);
    };
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('close', () => this.#drop());
  }

  get isHolding(): boolean {
    return this.#heldBytes > 0;
  }

  /** Passes the held bytes on and resumes reading, as far as `mayResume` allows. */
  resume(): void {
    if (this.#socket.destroyed) return this.#drop();
    this.#feed();
    if (this.#heldBytes === 0 && this.#mayResume()) this.#socket.resume();
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
    while (this.#mayResume() && !this.#socket.destroyed) {
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
