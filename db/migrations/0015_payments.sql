CREATE TABLE "archived_customer" (
	"account_id" text NOT NULL,
	"stripe_account" text NOT NULL,
	"stripe_customer_id" text NOT NULL,
	"archived_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	CONSTRAINT "archived_customer_account_id_stripe_account_pk" PRIMARY KEY("account_id","stripe_account")
);
--> statement-breakpoint
CREATE TABLE "payment_hold" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"kind" text NOT NULL,
	"charge_id" text NOT NULL,
	"payment_intent_id" text,
	"amount" integer NOT NULL,
	"currency" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	"lifted_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "operator_note" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"account_id" text,
	"reply_to" text,
	"subject" text NOT NULL,
	"body" text NOT NULL,
	"cause" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	"due_at" timestamp (3) with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"sent_at" timestamp (3) with time zone,
	"error" text,
	CONSTRAINT "operator_note_cause_unique" UNIQUE("cause")
);
--> statement-breakpoint
ALTER TABLE "billing_customer" ADD COLUMN "stripe_account" text;--> statement-breakpoint
ALTER TABLE "subscription" ADD COLUMN "pending_update" jsonb;--> statement-breakpoint
ALTER TABLE "archived_customer" ADD CONSTRAINT "archived_customer_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_hold" ADD CONSTRAINT "payment_hold_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "payment_hold_open" ON "payment_hold" USING btree ("account_id") WHERE lifted_at is null;--> statement-breakpoint
CREATE INDEX "operator_note_due" ON "operator_note" USING btree ("due_at") WHERE due_at is not null;