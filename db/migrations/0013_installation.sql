CREATE TABLE "installation" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"id" text NOT NULL,
	"environment_id" text,
	"app_url" text,
	"made_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	CONSTRAINT "installation_one" CHECK ("installation"."one")
);
--> statement-breakpoint
INSERT INTO "installation" ("id") VALUES (gen_random_uuid());
