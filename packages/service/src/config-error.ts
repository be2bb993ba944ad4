export type ConfigMistake = {
  /** The variable; empty for a rule about several variables. */
  readonly name: string;
  readonly problem: string;
  readonly description: string;
};

/** The environment is invalid. The message lists every mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly mistakes: readonly ConfigMistake[];

  constructor(mistakes: readonly ConfigMistake[]) {
    super(`The settings have ${count(mistakes)}:\n${mistakes.map(line).join('\n')}`);
    this.mistakes = mistakes;
  }
}

function count(mistakes: readonly ConfigMistake[]): string {
  return mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
}

function line({ name, problem, description }: ConfigMistake): string {
  const subject = name === '' ? 'together' : name;
  return `  ${subject} ${problem}${description === '' ? '' : ` (${description})`}`;
}
