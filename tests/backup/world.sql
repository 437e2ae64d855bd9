-- A service whose schema needs what others have: types, functions, tables, extensions, servers.
CREATE SCHEMA shared;
CREATE TYPE shared."Currency" AS ENUM ('EUR', 'it''s');
CREATE FUNCTION shared.is_positive(n numeric) RETURNS boolean LANGUAGE sql IMMUTABLE
    AS $$ SELECT n >= 0 -- $chirodb$ 'quoted' \ back
$$;
CREATE DOMAIN shared.amount AS numeric(12, 2) CHECK (shared.is_positive(VALUE));
CREATE TABLE shared.countries (code text PRIMARY KEY, name text UNIQUE NOT NULL);
INSERT INTO shared.countries VALUES ('DE', 'Germany'), ('AT', 'Austria');
CREATE VIEW shared.short AS SELECT code FROM shared.countries;
CREATE SEQUENCE shared.numbers;
CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
CREATE EXTENSION postgres_fdw SCHEMA ext;
CREATE SERVER "Far away" FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'far', dbname 'it''s');

CREATE TYPE "Shop".state AS ENUM ('new', 'paid');
CREATE TABLE "Shop".customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    country text REFERENCES shared.countries
);
CREATE INDEX ON "Shop".customers USING gin (name ext.gin_trgm_ops);
CREATE TABLE "Shop"."Orders; --" (
    id integer DEFAULT nextval('shared.numbers') PRIMARY KEY,
    customer bigint REFERENCES "Shop".customers,
    total shared.amount,
    currency shared."Currency" DEFAULT 'EUR',
    state "Shop".state,
    note text,
    total2 numeric GENERATED ALWAYS AS (total * 2) STORED
);
CREATE TABLE "Shop".empty (id integer);
CREATE TABLE "Shop".nothing ();
CREATE TABLE "Shop".log (at date NOT NULL, line text) PARTITION BY RANGE (at);
CREATE TABLE "Shop".log_1 PARTITION OF "Shop".log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE VIEW "Shop".places AS SELECT c.name, s.code FROM "Shop".customers c, shared.short s;
CREATE MATERIALIZED VIEW "Shop".totals AS SELECT state, sum(total) FROM "Shop"."Orders; --" GROUP BY 1;
CREATE FOREIGN TABLE "Shop".elsewhere (id integer) SERVER "Far away";
CREATE FUNCTION "Shop".touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
/*
COPY x FROM stdin;
*/
    RETURN NEW;
END
$$;
CREATE TRIGGER touch BEFORE UPDATE ON "Shop".customers FOR EACH ROW EXECUTE FUNCTION "Shop".touch();

INSERT INTO "Shop".customers (name, country) SELECT 'name ' || n, 'DE' FROM generate_series(1, 1000) n;
INSERT INTO "Shop"."Orders; --" (customer, total, state, note)
    SELECT n, n, 'paid', E'\\.\nCOPY a FROM stdin;\n\\.\n' FROM generate_series(1, 500) n;
INSERT INTO "Shop".nothing DEFAULT VALUES;
INSERT INTO "Shop".nothing DEFAULT VALUES;
INSERT INTO "Shop".log VALUES ('2026-05-01', E'tab\t and \\ back'), ('2026-06-01', NULL);
