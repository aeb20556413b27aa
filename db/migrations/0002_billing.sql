CREATE TABLE "billing_customer" (
	"account_id" text PRIMARY KEY NOT NULL,
	"stripe_customer_id" text,
	"generation" integer DEFAULT 1 NOT NULL,
	"ticket_drawn" bigint DEFAULT 0 NOT NULL,
	"ticket_applied" bigint DEFAULT 0 NOT NULL,
	"currency" text,
	"card_brand" text,
	"card_last4" text,
	"card_expires" text,
	"synced_at" timestamp (3) with time zone,
	CONSTRAINT "billing_customer_stripe_customer_id_unique" UNIQUE("stripe_customer_id")
);
--> statement-breakpoint
CREATE TABLE "checkout" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"plan_id" text NOT NULL,
	"price_id" text NOT NULL,
	"currency" text NOT NULL,
	"back_to" text NOT NULL,
	"stripe_session_id" text,
	"is_current" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	CONSTRAINT "checkout_stripe_session_id_unique" UNIQUE("stripe_session_id")
);
--> statement-breakpoint
CREATE TABLE "plan_price" (
	"stripe_price_id" text PRIMARY KEY NOT NULL,
	"plan_id" text NOT NULL,
	"amounts" jsonb NOT NULL,
	"seen_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "stripe_event" (
	"id" text PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"account_id" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"received_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	"processed_at" timestamp (3) with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"error" text
);
--> statement-breakpoint
CREATE TABLE "stripe_setup" (
	"name" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "subscription" (
	"account_id" text PRIMARY KEY NOT NULL,
	"stripe_subscription_id" text NOT NULL,
	"item_id" text NOT NULL,
	"plan_id" text,
	"price_id" text NOT NULL,
	"status" text NOT NULL,
	"currency" text NOT NULL,
	"amount" integer NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"period_start" timestamp (3) with time zone NOT NULL,
	"period_end" timestamp (3) with time zone NOT NULL,
	"paid_until" timestamp (3) with time zone,
	"cancel_at" timestamp (3) with time zone,
	"schedule_id" text,
	"pending_plan_id" text,
	"pending_at" timestamp (3) with time zone,
	"latest_invoice_id" text,
	"amount_open" integer DEFAULT 0 NOT NULL,
	"next_payment_attempt_at" timestamp (3) with time zone,
	CONSTRAINT "subscription_stripe_subscription_id_unique" UNIQUE("stripe_subscription_id")
);
--> statement-breakpoint
CREATE TABLE "trial_mark" (
	"hash" text PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "mail" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"user_id" text NOT NULL,
	"kind" text NOT NULL,
	"cause" text NOT NULL,
	"facts" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	"due_at" timestamp (3) with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"sent_at" timestamp (3) with time zone,
	"error" text,
	CONSTRAINT "mail_cause_unique" UNIQUE("cause"),
	CONSTRAINT "mail_sent" CHECK ("mail"."sent_at" is null or "mail"."due_at" is null)
);
--> statement-breakpoint
CREATE TABLE "mail_refusal" (
	"user_id" text PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "plan" ADD COLUMN "prices" jsonb;--> statement-breakpoint
ALTER TABLE "plan" ADD COLUMN "stripe_price_id" text;--> statement-breakpoint
ALTER TABLE "billing_customer" ADD CONSTRAINT "billing_customer_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "checkout" ADD CONSTRAINT "checkout_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_price" ADD CONSTRAINT "plan_price_plan_id_plan_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plan"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_plan_id_plan_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plan"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "billing_customer_synced" ON "billing_customer" USING btree ("synced_at");--> statement-breakpoint
CREATE UNIQUE INDEX "checkout_current" ON "checkout" USING btree ("account_id") WHERE is_current;--> statement-breakpoint
CREATE INDEX "stripe_event_open" ON "stripe_event" USING btree ("received_at") WHERE processed_at is null;--> statement-breakpoint
CREATE INDEX "mail_due" ON "mail" USING btree ("due_at") WHERE due_at is not null;