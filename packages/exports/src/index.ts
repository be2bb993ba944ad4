export { cancelExport } from './cancel-export.ts';
export { createExport, EXPORT_LIMITS } from './create-export.ts';
export { deleteExport, listExportJobs } from './keep-exports.ts';
export {
  type Export,
  EXPORT_FORMATS,
  EXPORT_KINDS,
  type ExportFormat,
  type ExportKind,
  listExports,
  openExport,
  readExport,
} from './read-exports.ts';
export { runExport } from './run-export.ts';
