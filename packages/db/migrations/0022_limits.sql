CREATE TABLE "limit_counts" (
	"name" text PRIMARY KEY NOT NULL,
	"limit_id" bigint NOT NULL,
	"subject" text NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone,
	"settled" numeric(24, 12) DEFAULT '0' NOT NULL,
	"held" numeric(24, 12) DEFAULT '0' NOT NULL,
	"active" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "limit_counts_not_negative" CHECK ("limit_counts"."settled" >= 0 and "limit_counts"."held" >= 0 and "limit_counts"."active" >= 0)
);
--> statement-breakpoint
CREATE TABLE "limits" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "limits_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"organisation_id" bigint NOT NULL,
	"level" text NOT NULL,
	"subject" text NOT NULL,
	"kind" text NOT NULL,
	"period" text NOT NULL,
	"value" numeric(24, 12) NOT NULL,
	"is_in_force" boolean NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "limits_of_organisation" UNIQUE("organisation_id","level","subject","kind","period")
);
--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "counted_in" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "limit_counts" ADD CONSTRAINT "limit_counts_limit_id_limits_id_fk" FOREIGN KEY ("limit_id") REFERENCES "public"."limits"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "limits" ADD CONSTRAINT "limits_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "limit_counts_latest" ON "limit_counts" USING btree ("limit_id","subject","starts_at");--> statement-breakpoint
CREATE INDEX "limit_counts_ended" ON "limit_counts" USING btree ("ends_at");