/** `runfleet <command>`: the composition root. */
import { keepLoopbackDirect } from '@runfleet/local-servers';
import { ConfigError } from '@runfleet/service';

import { asTyped } from './cli/as-typed.ts';
import { asksForHelp, type Command } from './cli/with-usage.ts';
import { endWithStarter } from './end-with-starter.ts';

const USAGE = `runfleet <command>

  start --roles api,broker,gateway,worker   runs roles with the settings of the environment
  migrate                                   updates the database's schema
  init --organisation NAME --email ADDRESS  creates a deployment's first organisation, owner and project
  dev [--ephemeral] [--prompt "..."]        finds or starts a Postgres and a Redis, and runs every role
  model add | list | inspect | use | remove manages the models of this machine
  model publish | catalogue | retire        manages the models that a deployment offers
  gpu install                               downloads ONNX Runtime's CUDA provider
  doctor [--json]                           checks everything that Runfleet needs
  project create | list | rotate | revoke   manages projects and their API keys
  tenant list | set | overflow              manages tenants' shares and limits
  limits list | set | remove                manages limits of spending and of active tasks
  worker list | drain | pardon              shows, drains and pardons workers
  job list | retry                          shows scheduled jobs and job queues, runs failed jobs again
  callback list | show | redeliver | test   shows and sends callbacks; rotate-secret replaces their secret
  seed-demo [--purge]                       adds or removes demo data for every page

Settings are environment variables; .env.example lists them. In a clone, runfleet is: npm run runfleet --
`;

/** Loaded on demand, so that a small command does not wait for the code of the roles. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./start.ts')).start,
  migrate: async () => (await import('./migrate.ts')).migrate,
  init: async () => (await import('./init/init-command.ts')).init,
  dev: async () => (await import('./dev/dev.ts')).dev,
  model: async () => (await import('./model/model-command.ts')).model,
  gpu: async () => (await import('./gpu/gpu-command.ts')).gpu,
  doctor: async () => (await import('./doctor/doctor-command.ts')).doctor,
  project: async () => (await import('./project/project-command.ts')).project,
  tenant: async () => (await import('./operate/tenant-command.ts')).tenant,
  limits: async () => (await import('./operate/limits-command.ts')).limits,
  worker: async () => (await import('./operate/worker-command.ts')).worker,
  job: async () => (await import('./operate/job-command.ts')).job,
  callback: async () => (await import('./callback/callback-command.ts')).callback,
  'seed-demo': async () => (await import('./seed-demo/seed-demo-command.ts')).seedDemo,
};

endWithStarter(process.env);
keepLoopbackDirect(process.env);

const [name = '', ...args] = process.argv.slice(2);
const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (!load) {
  const isAsked = asksForHelp([name]);
  (isAsked ? process.stdout : process.stderr).write(
    isAsked || name === '' ? USAGE : `There is no command "${name}".\n\n${USAGE}`,
  );
  process.exitCode = isAsked ? 0 : 2;
} else {
  try {
    const command = await load();
    await command(args);
  } catch (error) {
    process.stderr.write(`\n${asTyped(explain(error))}\n`);
    process.exitCode ||= 1;
  }
}

function explain(error: unknown): string {
  if (error instanceof ConfigError || !(error instanceof Error)) {
    return error instanceof Error ? error.message : String(error);
  }
  const isQuoted = error.cause instanceof Error && error.message.includes(error.cause.message);
  const cause =
    error.cause instanceof Error && !isQuoted ? `\n  because: ${error.cause.message}` : '';
  return process.env['LOG_LEVEL'] === 'debug' ? String(error.stack) : `${error.message}${cause}`;
}
