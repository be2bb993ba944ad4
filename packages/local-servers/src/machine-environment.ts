/**
 * Environment variables that describe the machine: where programs are, how to reach the network. They
 * are not settings of Runfleet, so no config declares them.
 */
// oxlint-disable-next-line node/no-process-env
export const machineEnvironment: Readonly<Record<string, string | undefined>> = process.env;
