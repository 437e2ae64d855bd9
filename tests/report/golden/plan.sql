-- prod: database chiro_erp (to be created), PostgreSQL 18.1 at db.example:5432, connected as chiro_admin
-- Plan: 7 to create, 4 to change, 13 to remove, 1 blocked
-- made by chirodb 0.1.0 at 2026-11-23T02:00:00Z
-- run by psql -X, connected to the database postgres

\set ON_ERROR_STOP on
SET client_encoding = 'UTF8';

\connect postgres
SET client_encoding = 'UTF8';
CREATE DATABASE chiro_erp TEMPLATE template0;
\connect chiro_erp
SET client_encoding = 'UTF8';

BEGIN;
-- the password is left out; apply sends it, from ${env:BI_PASSWORD}:
-- CREATE ROLE bi_reader LOGIN CONNECTION LIMIT 10 PASSWORD '***';
CREATE ROLE bi_reader LOGIN CONNECTION LIMIT 10;
-- the password is left out; apply sends it, from ${file:/run/secrets/auditor}:
-- ALTER ROLE auditor PASSWORD '***';
ALTER ROLE reporting NOLOGIN;
GRANT CONNECT ON DATABASE chiro_erp TO app_0, app_1, app_2, app_3, app_4, app_5, app_6, app_7, app_8, app_9, app_10, app_11, app_12, app_13, app_14, app_15, app_16, app_17, app_18, app_19, app_20, app_21, app_22, app_23, app_24, app_25, app_26, app_27, app_28, app_29, app_30, app_31;
GRANT commerce_user TO chiro_admin WITH INHERIT TRUE, SET TRUE;
GRANT commerce_reader TO support WITH ADMIN FALSE, INHERIT TRUE, SET TRUE;
ALTER TABLE commerce_schema.orders OWNER TO commerce_user;
REVOKE SELECT ON TABLE commerce_schema.orders FROM bob;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_00;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_01;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_02;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_03;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_04;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_05;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_06;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_07;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_08;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_09;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_10;
REVOKE SELECT ON TABLE commerce_schema.orders FROM guest_11;
GRANT SELECT ON TABLE commerce_schema.orders TO analytics_user, reporting;
ALTER ROLE commerce_user IN DATABASE chiro_erp SET statement_timeout TO '30s';
CREATE SCHEMA "Long Name Long Name Long Name Long Name Long Name Long Name " AUTHORIZATION ooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo;
COMMIT;

-- blocked: set log_min_duration_statement of role finance_user: 1s: chiro_admin may not set log_min_duration_statement
-- an administrator has to run: GRANT SET ON PARAMETER log_min_duration_statement TO chiro_admin;
