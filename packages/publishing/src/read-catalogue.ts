import {
  Catalogue,
  type Model,
  type ModelDocument,
  MODELS,
  pathsOf,
  publishedModel,
  readStoredDocument,
} from '@runfleet/catalog';
import type { Transaction } from '@runfleet/db';

/** The catalogue, and the mark of the state of the table that it was read from. */
export type CatalogueSnapshot = {
  readonly mark: string;
  readonly catalogue: Catalogue;
  /** Published models that this version of the code cannot read. */
  readonly unreadable: readonly string[];
};

type Row = { id: string; version: number; pool: string; document: unknown; isRetired: boolean };

/**
 * Reads the published models over the compiled-in ones. Answers `known` where nothing changed since;
 * then Postgres sends no document.
 */
export async function readCatalogue(
  ctx: { db: { sql: Transaction } },
  known: CatalogueSnapshot | null = null,
): Promise<CatalogueSnapshot> {
  const rows = await ctx.db.sql<(Partial<Row> & { mark: string })[]>`
    with latest as (
      select distinct on (id) id, version, retired_at is not null as is_retired
      from models order by id, version desc
    ), state as (
      select coalesce(md5(string_agg(id || '/' || version || is_retired, ',' order by id)), '') as mark
      from latest
    )
    select s.mark, m.id::text, m.version, m.pool, m.document, l.is_retired as "isRetired"
    from state s
    left join latest l on s.mark is distinct from ${known?.mark ?? null}
    left join models m on m.id = l.id and m.version = l.version`;
  const mark = rows[0]?.mark ?? '';
  if (known && mark === known.mark) return known;
  const published: Model[] = [];
  const unreadable: string[] = [];
  for (const row of rows) {
    if (!isRow(row)) continue;
    const model = modelOf(row);
    if (model) published.push(model);
    else unreadable.push(`${row.pool} (version ${row.version})`);
  }
  return { mark, catalogue: new Catalogue([...seedBeside(published), ...published]), unreadable };
}

/** The compiled-in models that were not published, and whose paths no published model took before them. */
function seedBeside(published: readonly Model[]): Model[] {
  const ids = new Set(published.map(({ id }) => id));
  const paths = new Set(published.flatMap(pathsOf));
  return MODELS.filter(
    (model) => !ids.has(model.id) && !pathsOf(model).some((path) => paths.has(path)),
  );
}

function modelOf({ document, ...published }: Row): Model | null {
  const read: ModelDocument | null = readStoredDocument(document);
  return read && publishedModel(read, published);
}

function isRow(row: Partial<Row>): row is Row {
  return typeof row.id === 'string';
}
