\set ON_ERROR_STOP on

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL client_encoding TO 'UTF8';
SET LOCAL standard_conforming_strings TO on;
SET LOCAL quote_all_identifiers TO off;
SET LOCAL search_path TO '';
SET LOCAL datestyle TO 'ISO';
SET LOCAL lock_timeout TO '5s';  -- a change of owner waits behind queries, and all others behind it
SET LOCAL client_min_messages TO warning;
-- the lock that `chirodb apply` takes in a database, too: one at a time
DO $$ BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(27980824795112546); END $$;

-- What the spec says, until the end of the transaction.
CREATE TEMPORARY TABLE chirodb_spec (
    database text, owner text, additive boolean, connect_implied boolean
) ON COMMIT DROP;
CREATE TEMPORARY TABLE chirodb_role (name text, attributes jsonb) ON COMMIT DROP;
CREATE TEMPORARY TABLE chirodb_absent (name text, heir text) ON COMMIT DROP;
CREATE TEMPORARY TABLE chirodb_ignored (pattern text) ON COMMIT DROP;
CREATE TEMPORARY TABLE chirodb_membership (
    role text, member text, admin boolean, inherit boolean, set boolean
) ON COMMIT DROP;
-- Who makes objects in a schema: its owner, and the creators.
CREATE TEMPORARY TABLE chirodb_maker (schema text, role text, owner boolean) ON COMMIT DROP;
-- grantee: null is PUBLIC. narrow: the names in chirodb_narrow that it is for, else everything.
-- existing: on what exists; false is tolerated there. future: by default privileges, of maker alone if any.
CREATE TEMPORARY TABLE chirodb_right (
    schema text, type text, narrow integer, grantee text, privileges text[],
    grantable boolean, existing boolean, future boolean, maker text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE chirodb_narrow (
    item integer GENERATED ALWAYS AS IDENTITY,
    narrow integer, schema text, type text, written text, name text, pattern text, arguments text[]
) ON COMMIT DROP;
CREATE TEMPORARY TABLE chirodb_column (narrow integer, written text, name text, pattern text)
    ON COMMIT DROP;
CREATE TEMPORARY TABLE chirodb_extension (name text, schema text) ON COMMIT DROP;
-- list: the elements are identifiers.
CREATE TEMPORARY TABLE chirodb_setting (role text, parameter text, value text[], list boolean)
    ON COMMIT DROP;
