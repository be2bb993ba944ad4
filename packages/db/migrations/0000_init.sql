CREATE TYPE "public"."task_status" AS ENUM('task_queue', 'task_assign', 'task_accept', 'task_preprocess_start', 'task_preprocess_end', 'task_start', 'task_end', 'task_postprocess_start', 'task_postprocess_end', 'task_cancel');--> statement-breakpoint
CREATE TABLE "accounts" (
	"organisation_id" bigint PRIMARY KEY NOT NULL,
	"balance" numeric(24, 12) DEFAULT '0' NOT NULL,
	"held" numeric(24, 12) DEFAULT '0' NOT NULL,
	"active_tasks" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "accounts_not_negative" CHECK ("accounts"."held" >= 0 and "accounts"."active_tasks" >= 0)
);
--> statement-breakpoint
CREATE TABLE "credentials" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" uuid NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"password" text,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" timestamp with time zone,
	"refresh_token_expires_at" timestamp with time zone,
	"scope" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "files" (
	"id" text PRIMARY KEY NOT NULL,
	"access_key" text NOT NULL,
	"organisation_id" bigint NOT NULL,
	"task_id" bigint NOT NULL,
	"name" text NOT NULL,
	"content_type" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"storage_key" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "files_accessKey_unique" UNIQUE("access_key")
);
--> statement-breakpoint
CREATE TABLE "memberships" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "memberships_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"organisation_id" bigint NOT NULL,
	"user_id" uuid NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "memberships_organisationId_userId_unique" UNIQUE("organisation_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "organisations" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "organisations_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "pool_leases" (
	"pool" text PRIMARY KEY NOT NULL,
	"holder" text NOT NULL,
	"generation" integer NOT NULL,
	"renewed_at" timestamp with time zone NOT NULL,
	"index_mark" text
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "projects_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"organisation_id" bigint NOT NULL,
	"owner_id" uuid NOT NULL,
	"name" text NOT NULL,
	"auth_type" text NOT NULL,
	"key_hash" "bytea" NOT NULL,
	"key_hint" text NOT NULL,
	"encrypted_secret" "bytea",
	"allowed_ips" text[],
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "projects_keyHash_unique" UNIQUE("key_hash")
);
--> statement-breakpoint
CREATE TABLE "pulse" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"n" bigint DEFAULT 0 NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" uuid NOT NULL,
	"token" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sessions_token_unique" UNIQUE("token")
);
--> statement-breakpoint
CREATE TABLE "task_events" (
	"task_id" bigint NOT NULL,
	"seq" integer NOT NULL,
	"epoch" integer NOT NULL,
	"type" text NOT NULL,
	"payload" json,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "task_events_task_id_seq_pk" PRIMARY KEY("task_id","seq")
) PARTITION BY RANGE ("task_id");
--> statement-breakpoint
CREATE TABLE "task_events_0" PARTITION OF "task_events" FOR VALUES FROM (0) TO (1000000);
--> statement-breakpoint
-- Brokers make the next partitions ahead of need; what they miss is caught here.
CREATE TABLE "task_events_rest" PARTITION OF "task_events" DEFAULT;
--> statement-breakpoint
CREATE TABLE "tasks" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "tasks_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"organisation_id" bigint NOT NULL,
	"project_id" bigint NOT NULL,
	"owner_id" uuid NOT NULL,
	"token" text NOT NULL,
	"model_id" text NOT NULL,
	"pool" text NOT NULL,
	"parameters" json NOT NULL,
	"seed" bigint NOT NULL,
	"timeout_seconds" integer NOT NULL,
	"status" "task_status" NOT NULL,
	"epoch" integer NOT NULL,
	"seq" integer NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	"queued_in" text,
	"worker_id" uuid,
	"worker_generation" integer,
	"assigned_pulse" bigint,
	"output_tokens" integer DEFAULT 0 NOT NULL,
	"infra_attempts" integer DEFAULT 0 NOT NULL,
	"queued_at" timestamp with time zone NOT NULL,
	"assigned_at" timestamp with time zone,
	"accepted_at" timestamp with time zone,
	"preprocess_started_at" timestamp with time zone,
	"preprocess_ended_at" timestamp with time zone,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"postprocess_started_at" timestamp with time zone,
	"postprocess_ended_at" timestamp with time zone,
	"cancelled_at" timestamp with time zone,
	"price_version" text NOT NULL,
	"cps" numeric(24, 12) NOT NULL,
	"held" numeric(24, 12) NOT NULL,
	"total_cost" numeric(24, 12) DEFAULT '0' NOT NULL,
	"outcome" text,
	"pexit" text DEFAULT '' NOT NULL,
	"debug_output" text DEFAULT '' NOT NULL,
	"debug_error" text DEFAULT '' NOT NULL,
	"outputs" json DEFAULT '[]'::json NOT NULL,
	"receipt" json,
	CONSTRAINT "tasks_token_unique" UNIQUE("token")
);
--> statement-breakpoint
CREATE TABLE "transfers" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "transfers_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"business_key" text NOT NULL,
	"organisation_id" bigint NOT NULL,
	"debit" text NOT NULL,
	"credit" text NOT NULL,
	"amount" numeric(24, 12) NOT NULL,
	"task_id" bigint,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "transfers_businessKey_unique" UNIQUE("business_key"),
	CONSTRAINT "transfers_move_something" CHECK ("transfers"."amount" > 0 and "transfers"."debit" <> "transfers"."credit")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"name" text NOT NULL,
	"image" text,
	"is_operator" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "verifications" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"pool" text NOT NULL,
	"host" text NOT NULL,
	"state" text NOT NULL,
	"generation" integer NOT NULL,
	"slots" integer NOT NULL,
	"used" integer DEFAULT 0 NOT NULL,
	"renewed_pulse" bigint NOT NULL,
	"renewed_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"device" jsonb NOT NULL,
	CONSTRAINT "workers_slots" CHECK ("workers"."used" between 0 and "workers"."slots")
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credentials" ADD CONSTRAINT "credentials_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "credentials_user_id_index" ON "credentials" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "files_task_id_index" ON "files" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "memberships_user_id_index" ON "memberships" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "projects_organisation_id_index" ON "projects" USING btree ("organisation_id");--> statement-breakpoint
CREATE INDEX "sessions_user_id_index" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "tasks_of_organisation" ON "tasks" USING btree ("organisation_id","id");--> statement-breakpoint
CREATE INDEX "tasks_queued" ON "tasks" USING btree ("queued_in","id") WHERE "tasks"."queued_in" is not null;--> statement-breakpoint
CREATE INDEX "tasks_of_worker" ON "tasks" USING btree ("worker_id") WHERE "tasks"."worker_id" is not null;--> statement-breakpoint
CREATE INDEX "transfers_organisation_id_id_index" ON "transfers" USING btree ("organisation_id","id");--> statement-breakpoint
CREATE INDEX "verifications_identifier_index" ON "verifications" USING btree ("identifier");--> statement-breakpoint
CREATE INDEX "workers_pool_state_index" ON "workers" USING btree ("pool","state");--> statement-breakpoint
-- Room on each page for the heap-only updates of running tasks and busy workers.
ALTER TABLE "tasks" SET (fillfactor = 70);--> statement-breakpoint
ALTER TABLE "workers" SET (fillfactor = 50);--> statement-breakpoint
ALTER TABLE "accounts" SET (fillfactor = 50);--> statement-breakpoint
INSERT INTO "pulse" DEFAULT VALUES;