CREATE TABLE "listing" (
	"name" text PRIMARY KEY NOT NULL,
	"holder" text,
	"held_until" timestamp (3) with time zone,
	"started_at" timestamp (3) with time zone NOT NULL,
	"complete_at" timestamp (3) with time zone,
	"count" integer
);
--> statement-breakpoint
CREATE TABLE "removal" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"account_id" text,
	"app" text NOT NULL,
	"found_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"parked_at" timestamp (3) with time zone,
	"error" text,
	CONSTRAINT "removal_kind_id_pk" PRIMARY KEY("kind","id"),
	CONSTRAINT "removal_kind" CHECK ("removal"."kind" in ('machine','volume','account'))
);
--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "parked_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "removal_due" ON "removal" USING btree ("kind","due_at");--> statement-breakpoint
CREATE INDEX "removal_account" ON "removal" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "run_parked" ON "run" USING btree ("parked_at") WHERE parked_at is not null;--> statement-breakpoint
CREATE INDEX "session_volume" ON "session" USING btree ("volume_id") WHERE volume_id is not null;--> statement-breakpoint
CREATE INDEX "session_volume_to_remove" ON "session" USING btree ("id") WHERE deleted_at is not null and volume_id is not null;