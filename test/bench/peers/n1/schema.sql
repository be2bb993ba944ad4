create table tasks (
  id bigint generated always as identity primary key,
  token text not null unique,
  tenant text not null,
  parameters jsonb not null,
  status text not null default 'queued',
  output text,
  outputs jsonb,
  created_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz
);
create index on tasks (tenant, id);
