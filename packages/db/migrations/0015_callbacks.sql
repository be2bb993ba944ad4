CREATE TABLE "callback_attempts" (
	"delivery_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"duration_ms" integer NOT NULL,
	"status" integer,
	"error" text,
	"content_type" text,
	"body" text DEFAULT '' NOT NULL,
	CONSTRAINT "callback_attempts_delivery_id_attempt_pk" PRIMARY KEY("delivery_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "callback_deliveries" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"organisation_id" bigint NOT NULL,
	"project_id" bigint NOT NULL,
	"task_id" bigint,
	"event" text NOT NULL,
	"url" text NOT NULL,
	"target" text NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"leased_until" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "callback_targets" (
	"target" text PRIMARY KEY NOT NULL,
	"leases" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"used_ms" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "callback_secret" "bytea";--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "previous_callback_secret" "bytea";--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "previous_callback_secret_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "callback_url" text;--> statement-breakpoint
ALTER TABLE "callback_attempts" ADD CONSTRAINT "callback_attempts_delivery_id_callback_deliveries_id_fk" FOREIGN KEY ("delivery_id") REFERENCES "public"."callback_deliveries"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "callback_deliveries_due" ON "callback_deliveries" USING btree ("target","due_at") WHERE "callback_deliveries"."state" = 'open';--> statement-breakpoint
CREATE INDEX "callback_deliveries_overdue" ON "callback_deliveries" USING btree ("due_at") WHERE "callback_deliveries"."state" = 'open';--> statement-breakpoint
CREATE INDEX "callback_deliveries_closed" ON "callback_deliveries" USING btree ("closed_at") WHERE "callback_deliveries"."closed_at" is not null;--> statement-breakpoint
CREATE INDEX "callback_deliveries_project_id_created_at_index" ON "callback_deliveries" USING btree ("project_id","created_at");--> statement-breakpoint
CREATE INDEX "callback_deliveries_task_id_index" ON "callback_deliveries" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "callback_targets_used_ms_index" ON "callback_targets" USING btree ("used_ms");