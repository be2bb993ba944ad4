import { type ModelDocument, MODELS, parseModelDocument, slugOf } from '@runfleet/catalog';
import { testWithDb as test } from '@runfleet/db/testing';
import { createLogger } from '@runfleet/service';
import { expect } from 'vitest';

import { CatalogueCache } from './catalogue-cache.ts';
import { publishModel } from './publish-model.ts';
import { readCatalogue } from './read-catalogue.ts';
import { readModelVersion } from './read-model-version.ts';
import { retireModel } from './retire-model.ts';

const document = (changes: object = {}): ModelDocument =>
  parseModelDocument({
    owner: 'acme',
    name: 'Tiny',
    description: 'A small model.',
    price: { method: 'request', parts: { request: '0.01' } },
    ...changes,
  });
const PHI = { owner: 'microsoft', name: 'Phi-3.5-mini-instruct' };
const logger = createLogger({ role: 'api', level: 'silent' });

test('without a published model the catalogue is the compiled-in one', async ({ db }) => {
  const { catalogue, unreadable } = await readCatalogue({ db });
  expect(catalogue.offered.map(({ id }) => id)).toEqual(MODELS.map(({ id }) => id));
  expect(unreadable).toEqual([]);
});

test('a published model gets an id, a pool and version 1, and each change the next version', async ({
  db,
}) => {
  const first = await publishModel({ db }, document());
  expect(first).toMatchObject({
    isNew: true,
    model: { id: '1000', version: 1, pool: 'acme.tiny', price: { version: 'acme/Tiny/1' } },
  });
  const again = await publishModel({ db }, document());
  expect(again).toMatchObject({ isNew: false, model: { version: 1 } });
  const changed = await publishModel({ db }, document({ readme: 'More.' }));
  expect(changed).toMatchObject({
    isNew: true,
    model: { id: '1000', version: 2, pool: 'acme.tiny', price: { version: 'acme/Tiny/2' } },
  });
  expect((await readCatalogue({ db })).catalogue.find('acme', 'tiny')).toEqual(changed.model);
  expect(await readModelVersion({ db }, changed.model, 1)).toEqual(document());
  expect(await readModelVersion({ db }, changed.model, 3)).toBeNull();
});

test('a compiled-in model is published under its id and its pool, as its next version', async ({
  db,
}) => {
  const { model } = await publishModel({ db }, document({ ...PHI, description: 'Ours.' }));
  expect(model).toMatchObject({ id: '598', version: 2, pool: 'phi-3-5-mini-instruct' });
  const { catalogue } = await readCatalogue({ db });
  expect(catalogue.offered).toHaveLength(MODELS.length);
  expect(catalogue.byId('598')?.description).toBe('Ours.');
});

test('a retired model takes no Runs until it is published again', async ({ db }) => {
  await publishModel({ db }, document());
  expect(await retireModel({ db }, { owner: 'ACME', name: 'tiny' })).toMatchObject({ isNew: true });
  expect(await retireModel({ db }, { owner: 'acme', name: 'tiny' })).toMatchObject({
    isNew: false,
  });
  const { catalogue } = await readCatalogue({ db });
  expect(catalogue.find('acme', 'Tiny')).toBeUndefined();
  expect(catalogue.pools).toContain('acme.tiny');
  await expect(retireModel({ db }, { owner: 'acme', name: 'other' })).rejects.toThrow(
    'not in the catalogue',
  );

  await publishModel({ db }, document());
  expect((await readCatalogue({ db })).catalogue.find('acme', 'Tiny')?.version).toBe(2);
});

test('a compiled-in model is retired, too', async ({ db }) => {
  await retireModel({ db }, PHI);
  const { catalogue } = await readCatalogue({ db });
  expect(catalogue.offered.map(({ id }) => id)).not.toContain('598');
  expect(catalogue.byId('598')).toMatchObject({ isRetired: true, version: 1 });
});

test('a path belongs to one model', async ({ db }) => {
  await publishModel({ db }, document({ aliases: ['acme/small', 'acme/tiny'] }));
  const other = (changes: object) => publishModel({ db }, document({ name: 'Other', ...changes }));
  await expect(other({ aliases: ['a/b', 'ACME/Small'] })).rejects.toThrow(
    'aliases.1: acme/small belongs to acme/Tiny',
  );
  await expect(other({ name: 'small' })).rejects.toThrow('name: acme/small is an alias');
  await expect(other({ aliases: ['microsoft/phi-3.5-mini-instruct'] })).rejects.toThrow(
    'aliases.0',
  );
  expect((await readCatalogue({ db })).catalogue.find('acme', 'small')?.name).toBe('Tiny');
});

test('a value on a shared path selects one model', async ({ db }) => {
  const choices = [{ path: 'acme/chat', parameter: 'selectedModel', value: '7' }];
  const { model } = await publishModel({ db }, document({ choices }));
  expect(
    (await publishModel({ db }, document({ choices, readme: 'More.' }))).model.choices,
  ).toEqual(model.choices);
  await expect(publishModel({ db }, document({ name: 'Other', choices }))).rejects.toThrow(
    'choices.0: selectedModel 7 on acme/chat selects acme/Tiny',
  );
  const [choice] = choices;
  await publishModel({ db }, document({ name: 'Other', choices: [{ ...choice, value: '8' }] }));
});

test('a model that was published before one of its path was compiled in stays the only one', async ({
  db,
}) => {
  await publishModel({ db }, document());
  await db.sql`
    update models set document = document || ${JSON.stringify(PHI)}::text::jsonb`;
  const { catalogue } = await readCatalogue({ db });
  expect(catalogue.offered.map(({ id }) => id)).toEqual(['599', '600', '1000']);
  expect(catalogue.find(PHI.owner, PHI.name)?.id).toBe('1000');
});

test('of two operators who publish at once, each gets a version', async ({ db }) => {
  const texts = ['one', 'two', 'three', 'four'];
  const published = await Promise.all(
    texts.map((readme) => publishModel({ db }, document({ readme }))),
  );
  expect(new Set(published.map(({ model }) => model.version))).toEqual(new Set([1, 2, 3, 4]));
  expect(new Set(published.map(({ model }) => model.id)).size).toBe(1);
});

test('a refresh takes one query, and reads documents only after a change', async ({ db }) => {
  await publishModel({ db }, document());
  const first = await readCatalogue({ db });
  expect(await readCatalogue({ db }, first)).toBe(first);
  await publishModel({ db }, document({ readme: 'More.' }));
  const second = await readCatalogue({ db }, first);
  expect(second.catalogue.find('acme', 'tiny')?.readme).toBe('More.');
  await retireModel({ db }, { owner: 'acme', name: 'tiny' });
  expect((await readCatalogue({ db }, second)).catalogue.offered).toHaveLength(MODELS.length);
});

test('a cache has a change within its refresh, and tells its listeners', async ({ db }) => {
  await using cache = await CatalogueCache.open({ db, logger, refreshEveryMs: 10 });
  const before = cache.current;
  const changed = new Promise<readonly string[]>((resolve) => {
    cache.onChange(({ offered }) => resolve(offered.map(slugOf)));
  });
  await publishModel({ db }, document());
  expect(await changed).toContain('acme/Tiny');
  expect(cache.current).not.toBe(before);
});

test('a cache keeps its models while they cannot be read, and has the next change', async ({
  db,
}) => {
  await using cache = await CatalogueCache.open({ db, logger, refreshEveryMs: 60_000 });
  await db.sql`alter table models rename to others`;
  await cache.refresh();
  expect(cache.current.offered).toHaveLength(MODELS.length);
  await db.sql`alter table others rename to models`;
  await publishModel({ db }, document());
  await cache.refresh();
  expect(cache.current.offered).toHaveLength(MODELS.length + 1);
});

test('a document of a newer version is left out, and its model is not changed by this one', async ({
  db,
}) => {
  await publishModel({ db }, document());
  await db.sql`update models set document = document || '{"price": {"method": "day"}}'`;
  const { catalogue, unreadable } = await readCatalogue({ db });
  expect(catalogue.offered).toHaveLength(MODELS.length);
  expect(unreadable).toEqual(['acme.tiny (version 1)']);
  await expect(publishModel({ db }, document())).rejects.toThrow('A newer version of Runfleet');
});
