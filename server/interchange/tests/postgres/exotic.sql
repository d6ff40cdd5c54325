-- Everything that PostgreSQL and SQL Server do not share.
CREATE SCHEMA "Größe x";
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE TYPE "Größe x"."Mood" AS ENUM ('happy', 'it''s', 'sad  ');
CREATE TYPE plain_mood AS ENUM ('up', 'down');
CREATE DOMAIN positive AS numeric(8,3) DEFAULT 1 NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN code AS text CHECK (VALUE ~ '^[A-Z]{2}$');
CREATE DOMAIN codes AS text[];
CREATE TYPE pair AS (name text, "the value" numeric(5,2), at timestamptz);
CREATE SEQUENCE numbers AS smallint INCREMENT BY 5 MINVALUE -10 MAXVALUE 300 START 7 CACHE 3 CYCLE;
SELECT nextval('numbers'), nextval('numbers');
CREATE SEQUENCE untouched START 12;
CREATE TABLE everything (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 10) PRIMARY KEY,
    serial serial NOT NULL,
    small smallint, whole integer, big bigint, object oid, yes boolean,
    exact numeric(10,2), wide numeric(50,10), free numeric, huge numeric, odd numeric(3,-2), cash money,
    single real, double double precision,
    short varchar(5), long varchar(5000), words text, ci citext, fixed char(4), named name, one "char",
    bytes bytea, day date, clock time, clock3 time(3), zoned timetz, moment timestamp, moment0 timestamp(0),
    instant timestamptz, span interval, days interval day to second(2), u uuid, j json, jb jsonb, x xml,
    mood "Größe x"."Mood", plain plain_mood, price positive, letters code, list codes,
    numbers integer[], grid text[][], flags boolean[], decimals numeric[], boxes box[], moods "Größe x"."Mood"[], blobs bytea[],
    duo pair, duos pair[], pairs hstore,
    range int4range, spans tstzrange, multi nummultirange, net inet, block cidr, mac macaddr, bits bit(5), varbits bit varying(9),
    spot point, area polygon, vector tsvector, query tsquery, lsn pg_lsn, path jsonpath, snapshot pg_snapshot,
    doubled bigint GENERATED ALWAYS AS (big * 2) STORED,
    "odd ]""name" text DEFAULT 'it''s \ ok' COLLATE "C",
    made timestamptz DEFAULT now(), key uuid DEFAULT gen_random_uuid(), next_one bigint DEFAULT nextval('untouched'),
    later date DEFAULT CURRENT_DATE, evil text DEFAULT current_setting('server_version')
);
INSERT INTO everything (small, whole, big, object, yes, exact, wide, free, huge, odd, cash, single, double, short, long, words, ci, fixed,
    named, one, bytes, day, clock, clock3, zoned, moment, moment0, instant, span, days, u, j, jb, x, mood, plain, price, letters, list,
    numbers, grid, flags, decimals, boxes, moods, blobs, duo, duos, pairs, range, spans, multi, net, block, mac, bits, varbits, spot, area,
    vector, query, lsn, path, snapshot, "odd ]""name")
VALUES (-32768, 2147483647, -9223372036854775808 / 2, 4294967295, true, -12345678.90, 1234567890123456789012345678901234567890.0123456789,
    -0.000001, 1e60, 12300, '-$1,234.56', 1.17549435e-38, 5e-324, 'é€😀', repeat('x', 4999), E'tab\t nl\n cr\r bs\\ \u0001 é 😀', 'MiXed', 'ab',
    'a name', 'z', '\x00ff0a5c', '0001-01-01', '23:59:59.999999', '12:34:56.789', '12:00:00.123456+05:30', '9999-12-31 23:59:59.999999',
    '2024-02-29 12:00:00', '0001-01-01 00:00:00+00', '-1 year 2 mons -3 days 04:05:06.789', '3 days 04:05:06.78', '00112233-4455-6677-8899-aabbccddeeff',
    '{"a" : [1, 2], "a": "x\u00e9"}', '{"b": 1.10, "a": [null, "\""]}', '<a>é</a>text', 'it''s', 'down', 0.001, 'AB', '{"a b",NULL,"NULL","\"q\\"}',
    '{1,NULL,-3}', '{{a,"b c"},{NULL,"{}"}}', '{t,f,NULL}', '{1.50,NaN,123456789012345678901234567890}', '{(1,2),(0,0);(3,4),(1,1)}',
    '{happy,"sad  "}', '{"\\x00ff",NULL}', '("a ""b"", c",12.50,"2024-01-01 00:00:00+00")', '{"(x,,)","(,1.00,)"}', '"a"=>"1", "b c"=>NULL, "q\"=>"=>"\\"',
    '[1,5)', '["2024-01-01 00:00:00+00",)', '{[1.0,2.50),(3,)}', '192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '10101', '1', '(1.5,-2)',
    '((0,0),(1,1),(1,0))', 'a:1 fat:2,4B cat''s', 'a & !b', '16/B374D848', '$.a[*] ? (@ > 1)', '10:20:10,14,15', ''),
   (NULL, NULL, NULL, NULL, false, NULL, NULL, 'NaN', NULL, NULL, NULL, 'NaN', '-Infinity', '', NULL, '', NULL, NULL, NULL, NULL, '', 'infinity',
    '24:00:00', '24:00', '00:00:00-15:59:59', '0044-03-15 00:00:00 BC', '-infinity', '294276-01-01', '-0.5 sec', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    2.5, NULL, '{}', '[0:1]={1,2}', '{}', '{}', NULL, NULL, NULL, NULL, NULL, '{}', '', 'empty', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE long (id integer PRIMARY KEY, words text NOT NULL, bytes bytea NOT NULL);
INSERT INTO long SELECT 1, repeat('é0123456789', 600000), decode(repeat('00ff', 3000000), 'hex');
INSERT INTO long VALUES (2, repeat('x', 2621440), ''), (3, repeat('x', 2621441), '\x00');
CREATE TABLE strict (at timestamp PRIMARY KEY, rate double precision NOT NULL);
INSERT INTO strict VALUES ('infinity', 'NaN'), ('2024-01-01', 1.5), ('-infinity', '-Infinity');
CREATE TABLE "Größe x"."Tàble.1" ("Id" integer PRIMARY KEY, up integer REFERENCES "Größe x"."Tàble.1" ON DELETE SET NULL,
    "Name" varchar(30) UNIQUE, other text, CHECK ("Id" > 0), CONSTRAINT "long names" CHECK (length("Name") >= 1 AND other <> ALL (ARRAY['x'::text, 'y'])));
INSERT INTO "Größe x"."Tàble.1" VALUES (1, NULL, 'A', NULL), (2, 1, 'a', 'b'), (3, 1, NULL, NULL), (4, NULL, NULL, NULL);
CREATE INDEX ON "Größe x"."Tàble.1" ("Name" DESC NULLS LAST, other text_pattern_ops) INCLUDE (up) WHERE other IS NOT NULL;
CREATE INDEX lowered ON "Größe x"."Tàble.1" (lower(other));
CREATE INDEX hashed ON "Größe x"."Tàble.1" USING hash (other);
CREATE TABLE many (k integer, s smallint, n text, a text, PRIMARY KEY (k, s), UNIQUE (n, a), CONSTRAINT ex EXCLUDE USING gist (box(point(k, k), point(k, k)) WITH &&));
INSERT INTO many VALUES (1, 1, 'a', 'b'), (2, 1, 'a ', 'b'), (3, 2, 'A', NULL), (4, 2, 'A', NULL);
CREATE TABLE of_many (k bigint, s bigint, FOREIGN KEY (k, s) REFERENCES many MATCH FULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO of_many VALUES (1, 1), (NULL, NULL);
CREATE TABLE parted (at date NOT NULL, region text NOT NULL, n integer, PRIMARY KEY (at, region)) PARTITION BY LIST (region);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a') PARTITION BY RANGE (at);
CREATE TABLE parted_a1 PARTITION OF parted_a FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
INSERT INTO parted VALUES ('2024-01-01', 'a', 1), ('2025-01-01', 'b', 2);
CREATE TABLE parent (id integer PRIMARY KEY, v text);
CREATE TABLE child (own integer) INHERITS (parent);
INSERT INTO parent VALUES (1, 'p'); INSERT INTO child VALUES (2, 'c', 9);
CREATE TABLE orphans (k integer, v integer);
INSERT INTO orphans VALUES (77, -1), (1, 5);
ALTER TABLE orphans ADD CONSTRAINT to_parent FOREIGN KEY (k) REFERENCES parent NOT VALID;
ALTER TABLE orphans ADD CONSTRAINT sign CHECK (v > 0) NOT VALID;
CREATE VIEW shown AS SELECT id FROM everything;
CREATE MATERIALIZED VIEW stored AS SELECT 1 AS one;
CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE PROCEDURE act() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE FUNCTION trig() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER watched BEFORE INSERT ON long FOR EACH ROW EXECUTE FUNCTION trig();
CREATE RULE ruled AS ON DELETE TO long DO INSTEAD NOTHING;
CREATE TABLE owned (who text, CHECK (twice(length(who)) > 0));
ALTER TABLE owned ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON owned USING (who = current_user);
CREATE TABLE nothing ();
CREATE TYPE floats AS RANGE (subtype = float8);
CREATE TABLE ranged (r floats);
INSERT INTO ranged VALUES ('[1.5,2.5)');
CREATE STATISTICS stats ON k, v FROM orphans;
COMMENT ON TABLE long IS 'long values';
SELECT lo_from_bytea(0, 'x');
CREATE TABLE scales (even numeric, uneven numeric, padded numeric);
INSERT INTO scales VALUES (1.50, 1.5, 1.50), (0.00, -20, 1.50), (-3.25, 0.125, 1.50), (NULL, 0, NULL);
CREATE TABLE keyless (until date, n integer);
INSERT INTO keyless SELECT 'infinity', n FROM generate_series(1, 7) AS n;
CREATE TABLE folk (name citext PRIMARY KEY, boss citext REFERENCES folk);
INSERT INTO folk VALUES ('Ada', NULL), ('Bob', 'ADA');
CREATE TABLE gens (name citext PRIMARY KEY, boss citext REFERENCES gens);
INSERT INTO gens VALUES ('Élise', NULL), ('Zoé', 'ÉLISE');
CREATE COLLATION alike (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE alikes (name text COLLATE alike PRIMARY KEY);
INSERT INTO alikes VALUES ('a'), ('b');
