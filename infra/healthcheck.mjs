// Exits with 0 if the role in this container answers /healthz on the given port, else with 1.
const TIMEOUT_MS = 2_000;

// The container's proxy is for outgoing calls. The lower-case variable has precedence.
// oxlint-disable-next-line node/no-process-env -- set for Node's fetch, not read as a setting
process.env.no_proxy = '127.0.0.1';

const answer = await fetch(`http://127.0.0.1:${process.argv[2]}/healthz`, {
  signal: AbortSignal.timeout(TIMEOUT_MS),
}).catch((error) => ({ ok: false, status: error.cause?.code ?? error.name }));

if (!answer.ok) {
  process.stderr.write(`/healthz on port ${process.argv[2]}: ${answer.status}\n`);
  process.exitCode = 1;
}
