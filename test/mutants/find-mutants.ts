import { type ESTree, parseSync } from 'vite';

import { type Mutation, mutationsOf, type Node } from './mutations.ts';

/** A file with one small bug. */
export type Mutant = Mutation & {
  /** Counts from 1 across all files. */
  id: number;
  file: string;
  /** The function or constant that contains it, and the text that it replaces. */
  where: string;
  from: string;
  /** Built from `where`, `from` and `to`, so that it does not change when lines move. */
  name: string;
  /** Runs when its module is loaded, not when a function is called. */
  isStatic: boolean;
};

/** All mutants of a file, in text order. `text` must be TypeScript without syntax errors. */
export function findMutants(file: string, text: string, firstId: number): Mutant[] {
  const { program, errors } = parseSync(file, text);
  const [error] = errors;
  if (error) throw new Error(`${file}: ${error.message}`);
  const found: Omit<Mutant, 'id' | 'name'>[] = [];
  const visit = (node: Node, parents: readonly Node[]) => {
    if (isSkipped(node, parents)) return;
    const isStatic = !parents.some(isLater);
    for (const mutation of mutationsOf(node, parents.at(-1) ?? null, text)) {
      const { start, end, isStatement } = mutation;
      const from = squeeze(text.slice(start, end));
      const to = isStatement ? '' : squeeze(mutation.to);
      found.push({ ...mutation, to, file, where: whereOf(parents), from, isStatic });
    }
    for (const child of childrenOf(node)) visit(child, [...parents, node]);
  };
  visit(program as Node, []);
  const sorted = found.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const seen = new Map<string, number>();
  return sorted.map((mutant, index) => {
    const name = nameOf(mutant);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return { ...mutant, id: firstId + index, name: count === 1 ? name : `${name} #${count}` };
  });
}

function nameOf({ where, from, to }: Pick<Mutant, 'where' | 'from' | 'to'>): string {
  return `${where}: ${from} -> ${to === '' ? '(nothing)' : to}`;
}

/**
 * Whether the code in this node may run only after its module is loaded. A function that is passed to a call
 * may run while the module is loaded, as a callback of `map` does, so it is not counted.
 */
function isLater({ type }: Node, index: number, parents: readonly Node[]): boolean {
  return FUNCTIONS.has(type) && parents[index - 1]?.type !== 'CallExpression';
}

const FUNCTIONS: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);

/** Skips types, SQL statements, and the texts of assertions and of impossible errors. */
function isSkipped(node: Node, parents: readonly Node[]): boolean {
  if (node.type.startsWith('TS')) return !EXPRESSIONS_WITH_TYPES.has(node.type);
  if (node.type === 'ExpressionStatement') {
    return node.expression.type === 'CallExpression' && isAssertion(node.expression);
  }
  if (node.type === 'NewExpression') return isNamed(node.callee, 'Error');
  const parent = parents.at(-1);
  return parent?.type === 'TaggedTemplateExpression' && parent.quasi === node;
}

const EXPRESSIONS_WITH_TYPES: ReadonlySet<string> = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
]);

const isAssertion = ({ callee }: ESTree.CallExpression) => isNamed(callee, 'assert');
const isNamed = (node: ESTree.Node, name: string) =>
  node.type === 'Identifier' && node.name === name;

function whereOf(parents: readonly Node[]): string {
  const names = parents.flatMap((node) => {
    if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') {
      return node.id ? [node.id.name] : [];
    }
    if (node.type === 'MethodDefinition' || node.type === 'PropertyDefinition') {
      const { key } = node;
      if (key.type === 'Identifier') return [key.name];
      return key.type === 'PrivateIdentifier' ? [`#${key.name}`] : [];
    }
    const isNaming = node.type === 'VariableDeclarator' && node.id.type === 'Identifier';
    return isNaming && node.id.type === 'Identifier' ? [node.id.name] : [];
  });
  return names.slice(0, 2).join('.');
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flatMap((value: unknown) =>
    (Array.isArray(value) ? value : [value]).filter(isNode),
  );
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
