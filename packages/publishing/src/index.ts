export { CatalogueCache } from './catalogue-cache.ts';
export { publishModel, type Published } from './publish-model.ts';
export { readCatalogue } from './read-catalogue.ts';
export { readModelVersion } from './read-model-version.ts';
export { retireModel } from './retire-model.ts';
