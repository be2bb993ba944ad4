const NUMBER = new Intl.NumberFormat('en');

/** `2,113 runs`, `1 run`. */
export function counted(count: number, noun: string): string {
  return `${NUMBER.format(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function grouped(count: number): string {
  return NUMBER.format(count);
}
