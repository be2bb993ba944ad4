CREATE TABLE "exports" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"organisation_id" bigint NOT NULL,
	"project_id" bigint NOT NULL,
	"kind" text NOT NULL,
	"format" text NOT NULL,
	"from_moment" timestamp with time zone NOT NULL,
	"until_moment" timestamp with time zone NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"attempt_id" uuid,
	"attempts" integer DEFAULT 0 NOT NULL,
	"leased_until" timestamp with time zone,
	"rows_total" integer DEFAULT 0 NOT NULL,
	"rows_done" integer DEFAULT 0 NOT NULL,
	"size_bytes" bigint DEFAULT 0 NOT NULL,
	"error" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"expires_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "exports_project_id_created_at_index" ON "exports" USING btree ("project_id","created_at");--> statement-breakpoint
CREATE INDEX "exports_organisation_id_state_index" ON "exports" USING btree ("organisation_id","state");--> statement-breakpoint
CREATE INDEX "exports_open" ON "exports" USING btree ("created_at") WHERE "exports"."state" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "exports_expired" ON "exports" USING btree ("expires_at") WHERE "exports"."expires_at" is not null;