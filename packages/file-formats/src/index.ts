export { checkZipDocument } from './types/check-zip-document.ts';
export { FILE_TYPES, type FileType } from './types/file-types.ts';
export { openTypedBody } from './types/open-typed-body.ts';
export { openZip, type OpenZip, type ZippedFile } from './zip/open-zip.ts';
export { ZIP_LIMITS, type ZipLimits } from './zip/zip-limits.ts';
