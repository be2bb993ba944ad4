create table accounts (
  tenant text primary key,
  balance numeric(24, 12) not null
);
create table tasks (
  id bigint generated always as identity primary key,
  token text not null unique,
  tenant text not null,
  parameters jsonb not null,
  status text not null,
  cost numeric(24, 12),
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz
);
create index on tasks (tenant, id);
create table events (
  task_id bigint not null,
  seq int not null,
  type text not null,
  payload jsonb,
  at timestamptz not null default clock_timestamp(),
  primary key (task_id, seq)
);
