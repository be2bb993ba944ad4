ALTER TABLE "projects" ADD COLUMN "previous_key_hash" "bytea";--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "previous_encrypted_secret" "bytea";--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "previous_key_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_previousKeyHash_unique" UNIQUE("previous_key_hash");