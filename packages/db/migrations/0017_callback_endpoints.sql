CREATE TABLE "callback_endpoints" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"organisation_id" bigint NOT NULL,
	"project_id" bigint NOT NULL,
	"url" text NOT NULL,
	"target" text NOT NULL,
	"events" text[] NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "callback_deliveries" ADD COLUMN "endpoint_id" uuid;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "has_callback_endpoints" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "callback_endpoints_project_id_index" ON "callback_endpoints" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "callback_deliveries_of_endpoint" ON "callback_deliveries" USING btree ("endpoint_id") WHERE "callback_deliveries"."state" = 'open' and "callback_deliveries"."endpoint_id" is not null;