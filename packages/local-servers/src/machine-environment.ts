/**
 * What the process was told about the machine that it runs on: where programs lie, how the network
 * is reached. Facts of the machine, not settings of Runfleet, so no config declares them.
 */
// oxlint-disable-next-line node/no-process-env
export const machineEnvironment: Readonly<Record<string, string | undefined>> = process.env;
