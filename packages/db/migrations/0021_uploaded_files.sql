CREATE TABLE "file_entries" (
	"id" text PRIMARY KEY NOT NULL,
	"organisation_id" bigint NOT NULL,
	"project_id" bigint NOT NULL,
	"parent_id" text,
	"is_folder" boolean NOT NULL,
	"name" text NOT NULL,
	"content_type" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"access_key" text,
	"storage_key" text,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone,
	CONSTRAINT "file_entries_accessKey_unique" UNIQUE("access_key"),
	CONSTRAINT "file_entries_folders_have_no_object" CHECK (("file_entries"."access_key" is null) = "file_entries"."is_folder" and ("file_entries"."storage_key" is null) = "file_entries"."is_folder")
);
--> statement-breakpoint
CREATE TABLE "file_usage" (
	"organisation_id" bigint PRIMARY KEY NOT NULL,
	"size_bytes" bigint DEFAULT 0 NOT NULL,
	"entries" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "file_usage_not_negative" CHECK ("file_usage"."size_bytes" >= 0 and "file_usage"."entries" >= 0)
);
--> statement-breakpoint
CREATE TABLE "stray_objects" (
	"key" text PRIMARY KEY NOT NULL,
	"organisation_id" bigint NOT NULL,
	"state" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"entries" integer NOT NULL,
	"due_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "file_entries" ADD CONSTRAINT "file_entries_parent_id_file_entries_id_fk" FOREIGN KEY ("parent_id") REFERENCES "public"."file_entries"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "file_entries_of_folder" ON "file_entries" USING btree ("project_id","parent_id","is_folder","name","id");--> statement-breakpoint
CREATE INDEX "file_entries_parent_id_index" ON "file_entries" USING btree ("parent_id");--> statement-breakpoint
CREATE INDEX "file_entries_that_expire" ON "file_entries" USING btree ("expires_at") WHERE "file_entries"."expires_at" is not null;--> statement-breakpoint
CREATE INDEX "stray_objects_due_at_index" ON "stray_objects" USING btree ("due_at");