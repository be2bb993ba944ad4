/** The small changes that can be made to one node of a program. */
import type { ESTree } from 'vite';

export type Node = ESTree.Node & { start: number; end: number };

/** Replaces text by `to`. `isStatement`: the whole statement is left out. */
export type Mutation = { start: number; end: number; to: string; isStatement: boolean };

const OPERATORS: Record<string, readonly string[]> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '>>': ['<<'],
};

const METHODS: Record<string, string> = {
  max: 'min',
  min: 'max',
  some: 'every',
  every: 'some',
  floor: 'ceil',
  round: 'floor',
};
/** Methods that select or sort; without the call, the list is unchanged. */
const SELECTING = new Set(['filter', 'slice', 'toSorted']);

/** The mutations of `node`. `text` is the text of the whole file. */
export function mutationsOf(node: Node, parent: Node | null, text: string): Mutation[] {
  const source = (part: { start: number; end: number }) => text.slice(part.start, part.end);
  const here = (...to: string[]): Mutation[] => to.map((one) => instead(node, one));
  // Most kinds of nodes have no mutation.
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check
  switch (node.type) {
    case 'BinaryExpression': {
      const { left, right, operator } = node;
      const others = OPERATORS[operator] ?? [];
      return here(...others.map((other) => `${source(left)} ${other} ${source(right)}`));
    }
    case 'LogicalExpression':
      return here(source(node.left), source(node.right));
    case 'ConditionalExpression':
      return here(source(node.consequent), source(node.alternate));
    case 'IfStatement':
      return ['true', 'false'].map((to) => instead(node.test, to));
    case 'WhileStatement':
      return [instead(node.test, 'false')];
    case 'ForStatement':
      return node.test ? [instead(node.test, 'false')] : [];
    case 'UnaryExpression':
      return node.operator === '!' || node.operator === '-' ? here(source(node.argument)) : [];
    case 'Literal':
      return isText(node, parent) ? [] : here(...literals(node.value));
    case 'TemplateLiteral':
      return parent?.type === 'TaggedTemplateExpression' ? [] : here("''");
    case 'ArrayExpression':
      return node.elements.flatMap((element) =>
        element ? here(without(node.elements, element, source, '[', ']')) : [],
      );
    case 'ObjectExpression': {
      const isChange = node.properties.some(({ type }) => type === 'SpreadElement');
      if (!isChange) return [];
      return here(
        ...node.properties.map((left) => without(node.properties, left, source, '{', '}')),
      );
    }
    case 'AssignmentExpression': {
      const other = { '+=': '-=', '-=': '+=' }[node.operator as string];
      return other ? here(`${source(node.left)} ${other} ${source(node.right)}`) : [];
    }
    case 'CallExpression':
      return here(...otherCalls(node, source));
    case 'ExpressionStatement':
      return [{ start: node.start, end: node.end, to: '', isStatement: true }];
    default:
      return [];
  }
}

function instead({ start, end }: { start: number; end: number }, to: string): Mutation {
  return { start, end, to, isStatement: false };
}

function without(
  parts: readonly ({ start: number; end: number } | null)[],
  left: unknown,
  source: (part: { start: number; end: number }) => string,
  open: string,
  close: string,
): string {
  const kept = parts.filter((part) => part !== left).map((part) => (part ? source(part) : ''));
  return `${open}${kept.join(', ')}${close}`;
}

/** Whether a literal is an import path or a key, not a value. */
function isText(node: Node, parent: Node | null): boolean {
  if (parent?.type === 'Property') return parent.key === node && !parent.computed;
  return parent?.type.startsWith('Import') || parent?.type.startsWith('Export') || false;
}

function literals(value: unknown): string[] {
  if (typeof value === 'boolean') return [String(!value)];
  if (typeof value === 'number') return [String(value + 1)];
  if (typeof value === 'bigint') return [`${value + 1n}n`];
  if (typeof value === 'string') return [value === '' ? "'mutant'" : "''"];
  return [];
}

function otherCalls(
  node: ESTree.CallExpression,
  source: (part: { start: number; end: number }) => string,
): string[] {
  const { callee } = node;
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return [];
  const { name } = callee.property;
  if (SELECTING.has(name)) return [source(callee.object)];
  const other = METHODS[name];
  const rest = source(node).slice(callee.property.end - node.start);
  return other ? [`${source(callee.object)}.${other}${rest}`] : [];
}
