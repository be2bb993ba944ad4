ALTER TABLE "workers" ADD COLUMN "seen_pulse" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "tasks_start_deadlines" ON "tasks" USING btree ("start_by") WHERE "tasks"."queued_in" is not null and "tasks"."start_by" is not null;--> statement-breakpoint
CREATE INDEX "tasks_paused" ON "tasks" USING btree ("not_before") WHERE "tasks"."not_before" is not null;