import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Prints the place of the first part that is not in the grammar, and fails. */
const PARSE = `
import importlib, sys
from tree_sitter import Language, Parser
grammar = importlib.import_module(sys.argv[1])
tree = Parser(Language(grammar.language())).parse(open(sys.argv[2], "rb").read())
def walk(node):
    if node.type == "ERROR" or node.is_missing:
        sys.exit(f"line {node.start_point[0] + 1}: {node.text.decode()[:200]}")
    for child in node.children:
        walk(child)
walk(tree.root_node)
`;

export async function fetchGrammar(folder: string, grammar: string): Promise<void> {
  const options = ['--only-binary', ':all:', '--target', folder];
  await execute('python3', ['-m', 'pip', 'install', '-q', ...options, 'tree-sitter', grammar]);
}

export async function parse(file: string, folder: string, grammar: string): Promise<void> {
  const env = { ...process.env, PYTHONPATH: folder };
  await execute('python3', ['-c', PARSE, grammar, file], { env });
}
