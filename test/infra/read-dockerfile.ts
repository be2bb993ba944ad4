import { readFileSync } from 'node:fs';

export type Instruction = { readonly name: string; readonly text: string };
export type Stage = {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
};

/**
 * The stages of a Dockerfile by name, in order. Parses only the syntax that ours uses: one
 * instruction per logical line, continuation by `\`, whole-line comments, `FROM x AS y`; no
 * heredocs.
 */
export function readDockerfile(url: URL): Map<string, Stage> {
  const stages = new Map<string, Stage & { instructions: Instruction[] }>();
  let current: Instruction[] | null = null;
  for (const { name, text } of readInstructions(readFileSync(url, 'utf8'))) {
    if (name === 'FROM') {
      const [base = '', as, stage] = text.split(/\s+/);
      if (as !== 'AS' || stage === undefined) throw new Error(`A stage needs a name: FROM ${text}`);
      current = [];
      stages.set(stage, { name: stage, base, instructions: current });
    } else {
      current?.push({ name, text });
    }
  }
  return stages;
}

/** The instructions of the stages that a stage builds on, followed by its own. */
export function inheritedInstructions(stages: Map<string, Stage>, name: string): Instruction[] {
  const stage = stages.get(name);
  if (stage === undefined) return [];
  return [...inheritedInstructions(stages, stage.base), ...stage.instructions];
}

/** The last instruction of a name, which is the effective one. */
export function lastOf(instructions: readonly Instruction[], name: string): string | undefined {
  return instructions.findLast((instruction) => instruction.name === name)?.text;
}

/** What `ENV A=1 B=2` sets. */
export function environmentOf(instructions: readonly Instruction[]): Record<string, string> {
  const pairs = instructions
    .filter(({ name }) => name === 'ENV')
    .flatMap(({ text }) => text.split(/\s+/))
    .map((pair) => pair.split('=', 2));
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]));
}

function readInstructions(text: string): Instruction[] {
  return text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = ''] = line.split(' ', 1);
      return { name, text: line.slice(name.length).trim() };
    });
}
