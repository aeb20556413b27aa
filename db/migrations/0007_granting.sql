CREATE TABLE "granting" (
	"id" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"ledger_oid" bigint NOT NULL,
	"granting_from" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "granting_one" CHECK ("granting"."id")
);

--> statement-breakpoint
INSERT INTO "granting" ("ledger_oid", "granting_from") VALUES ('usage_entry'::regclass::oid::bigint, '1970-01-01');
