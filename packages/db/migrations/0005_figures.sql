CREATE TABLE "figures_folded" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "model_days" (
	"model_id" text NOT NULL,
	"day" date NOT NULL,
	"ended" integer NOT NULL,
	"succeeded" integer NOT NULL,
	"failed" integer NOT NULL,
	"succeeded_ticks" bigint NOT NULL,
	"spent" numeric(24, 12) NOT NULL,
	"last_queued_at" timestamp with time zone NOT NULL,
	CONSTRAINT "model_days_model_id_day_pk" PRIMARY KEY("model_id","day")
);
--> statement-breakpoint
CREATE INDEX "tasks_suspected" ON "tasks" USING btree ("pool") WHERE "tasks"."infra_attempts" >= 2 and ("tasks"."queued_in" is not null or "tasks"."worker_id" is not null);--> statement-breakpoint
CREATE INDEX "tasks_ended" ON "tasks" USING btree (coalesce("postprocess_ended_at", "cancelled_at")) WHERE "tasks"."outcome" is not null;--> statement-breakpoint
INSERT INTO "figures_folded" ("until") VALUES ('epoch');
