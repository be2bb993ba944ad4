CREATE INDEX "tasks_live_of_organisation" ON "tasks" USING btree ("organisation_id","id") WHERE "tasks"."outcome" is null;--> statement-breakpoint
CREATE INDEX "tasks_succeeded_of_organisation" ON "tasks" USING btree ("organisation_id","id") WHERE "tasks"."outcome" = 'succeeded';--> statement-breakpoint
CREATE INDEX "tasks_failed_of_organisation" ON "tasks" USING btree ("organisation_id","id") WHERE "tasks"."outcome" not in ('succeeded', 'cancelled');--> statement-breakpoint
CREATE INDEX "tasks_cancelled_of_organisation" ON "tasks" USING btree ("organisation_id","id") WHERE "tasks"."outcome" = 'cancelled';--> statement-breakpoint
CREATE INDEX "tasks_ended_of_project" ON "tasks" USING btree ("organisation_id","project_id","id") WHERE "tasks"."outcome" is not null;--> statement-breakpoint
CREATE INDEX "tasks_ended_of_model" ON "tasks" USING btree ("organisation_id","model_id","id") WHERE "tasks"."outcome" is not null;--> statement-breakpoint
CREATE INDEX "tasks_ended_by_creation" ON "tasks" USING btree ("organisation_id","queued_at","id") WHERE "tasks"."outcome" is not null;