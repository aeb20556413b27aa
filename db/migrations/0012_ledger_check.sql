CREATE TABLE "ledger_check" (
	"account_id" text PRIMARY KEY NOT NULL,
	"checked_at" timestamp (3) with time zone NOT NULL,
	"problem_count" integer DEFAULT 0 NOT NULL,
	"error" text
);
--> statement-breakpoint
CREATE INDEX "ledger_check_bad" ON "ledger_check" USING btree ("account_id") WHERE problem_count > 0 or error is not null;