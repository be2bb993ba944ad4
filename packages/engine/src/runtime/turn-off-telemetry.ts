/**
 * Turns off ONNX Runtime's reports to its makers: from 1.30 on it looks up a collector and keeps a
 * device id and an event database below the home folder. The library reads this variable when it is
 * loaded, so this module must be imported first. In a worker thread `process.env` is a copy that
 * the library does not see, so the main thread that starts one must import this too.
 */
// oxlint-disable-next-line node/no-process-env -- written for the library, not read as a setting
process.env['ORT_DISABLE_TELEMETRY'] = '1';
