CREATE TABLE "conversations" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "conversations_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"organisation_id" bigint NOT NULL,
	"project_id" bigint NOT NULL,
	"model_id" text NOT NULL,
	"user_id" text NOT NULL,
	"session_id" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "conversation_id" bigint;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "turn" integer;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "parent_id" bigint;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "system_turn_id" bigint;--> statement-breakpoint
CREATE UNIQUE INDEX "conversations_of_session" ON "conversations" USING btree ("project_id","session_id","user_id","model_id") WHERE "conversations"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "conversations_of_project" ON "conversations" USING btree ("project_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "tasks_live_turn" ON "tasks" USING btree ("conversation_id") WHERE "tasks"."conversation_id" is not null and "tasks"."outcome" is null;--> statement-breakpoint
CREATE INDEX "tasks_of_conversation" ON "tasks" USING btree ("conversation_id","outcome","id") WHERE "tasks"."conversation_id" is not null;