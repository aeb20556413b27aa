ALTER TABLE "api_key" ADD COLUMN "expires_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "auth_second_factor" ADD COLUMN "last_step" integer DEFAULT 0 NOT NULL;