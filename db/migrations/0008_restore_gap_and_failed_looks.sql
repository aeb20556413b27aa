CREATE TABLE "restore_gap" (
	"noticed_at" timestamp (3) with time zone PRIMARY KEY NOT NULL,
	"known_until" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "removal" ADD COLUMN "region" text;--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "failed_looks" integer DEFAULT 0 NOT NULL;