ALTER TABLE "callback_targets" ADD COLUMN "is_answering" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "callback_targets" ADD COLUMN "silences" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "callback_targets" ADD COLUMN "paused_until_ms" bigint DEFAULT 0 NOT NULL;