export { type ZipPart, zipOf } from './zip/zip-of.ts';
