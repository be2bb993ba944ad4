type Node = { token: string | undefined; next: Map<string, Node> };

/** Finds a tokenizer's added tokens in a text, the longest at each place. */
export class AddedTokenFinder {
  readonly #root: Node = { token: undefined, next: new Map() };
  /** Matches the first character of any token. */
  readonly #first: RegExp;

  constructor(tokens: Iterable<string>) {
    for (const token of tokens) {
      let node = this.#root;
      for (const unit of token.split('')) {
        const next = node.next.get(unit) ?? { token: undefined, next: new Map() };
        node.next.set(unit, next);
        node = next;
      }
      node.token = token;
    }
    const units = Array.from(this.#root.next.keys(), (unit) => hexEscape(unit));
    this.#first = new RegExp(`[${units.join('')}]`, 'g');
  }

  /** The first token at `from` or after it. */
  next(text: string, from: number): { at: number; token: string } | undefined {
    this.#first.lastIndex = from;
    for (let found = this.#first.exec(text); found; found = this.#first.exec(text)) {
      const token = this.#at(text, found.index);
      if (token !== undefined) return { at: found.index, token };
    }
    return undefined;
  }

  #at(text: string, start: number): string | undefined {
    let node = this.#root.next.get(text.charAt(start));
    let longest: string | undefined;
    for (let at = start; node; node = node.next.get(text.charAt(at))) {
      longest = node.token ?? longest;
      at += 1;
    }
    return longest;
  }
}

function hexEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
