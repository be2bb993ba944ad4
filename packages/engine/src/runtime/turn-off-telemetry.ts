/**
 * Turns off ONNX Runtime's own reports to its makers: from 1.30 on they look up a collector and keep
 * a device id and a database of events below the home folder. The library reads this when it is
 * loaded, so this is imported before it. In a worker thread `process.env` is a copy that the library
 * does not see: the main thread of whatever starts one imports this, too.
 */
// oxlint-disable-next-line node/no-process-env -- written for the library, not read as a setting
process.env['ORT_DISABLE_TELEMETRY'] = '1';
