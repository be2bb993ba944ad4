DROP INDEX "workers_pool_state_index";--> statement-breakpoint
ALTER TABLE "pool_leases" ADD COLUMN "standing" jsonb;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "sizes" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
CREATE INDEX "tasks_queued_particular" ON "tasks" USING btree ("queued_in","requires") WHERE "tasks"."queued_in" is not null and "tasks"."requires" <> '{}';--> statement-breakpoint
CREATE INDEX "workers_state_index" ON "workers" USING btree ("state");--> statement-breakpoint
ALTER TABLE "workers" DROP COLUMN "pool";