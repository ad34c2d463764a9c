-- The store, version 2. Users may query it with plain SQL: duckdb results/bench.duckdb

CREATE TABLE IF NOT EXISTS meta (schema_version INTEGER NOT NULL);

-- One row an invocation of `bench run` or `bench evaluate`.
CREATE TABLE IF NOT EXISTS runs (
    run_id      VARCHAR PRIMARY KEY,
    started_at  TIMESTAMP NOT NULL,
    profile     VARCHAR NOT NULL,
    spec        JSON NOT NULL,         -- the whole RunSpec
    command     VARCHAR NOT NULL,
    host        JSON NOT NULL,         -- system, cores, memory, accelerator
    versions    JSON NOT NULL,         -- python and the libraries that matter
    git_commit  VARCHAR,               -- NULL outside a checkout; ends in '+' where files were changed
    cells       INTEGER                -- how many were planned; run_cells holds those that ended
);

-- dataset x split seed x generator x config x seed. `holdout` as generator is the reference:
-- real records scored in place of synthetic ones. The id also covers the keys of the cell's stages,
-- so what different code computed lies in different cells.
CREATE TABLE IF NOT EXISTS cells (
    cell_id        VARCHAR PRIMARY KEY,
    dataset        VARCHAR NOT NULL,
    variant        VARCHAR NOT NULL,   -- demo, original, file: never mixed
    family         VARCHAR NOT NULL,
    dataset_digest VARCHAR NOT NULL,
    split          VARCHAR NOT NULL,
    split_seed     INTEGER NOT NULL,
    generator      VARCHAR NOT NULL,
    config         JSON NOT NULL,
    config_hash    VARCHAR NOT NULL,
    seed           INTEGER NOT NULL,
    profile        VARCHAR NOT NULL
);

CREATE TABLE IF NOT EXISTS run_cells (
    run_id  VARCHAR NOT NULL,
    cell_id VARCHAR NOT NULL,
    PRIMARY KEY (run_id, cell_id)
);

-- stage: 'fit', 'sample', or the name of an evaluator. A stage that several cells share stands once in each.
CREATE TABLE IF NOT EXISTS stages (
    stage_key         VARCHAR NOT NULL,
    cell_id           VARCHAR NOT NULL,
    stage             VARCHAR NOT NULL,
    status            VARCHAR NOT NULL,  -- done, failed
    phase             VARCHAR,           -- where it failed: raised, timeout, memory, killed, upstream
    error             VARCHAR,
    finished_at       TIMESTAMP NOT NULL,
    wall_seconds      DOUBLE NOT NULL,
    cpu_seconds       DOUBLE,            -- NULL where the process died before it could tell
    peak_memory_bytes BIGINT,
    device            VARCHAR NOT NULL,
    details           JSON NOT NULL,     -- for 'sample': requested, returned, attempts, rejected, shortfall
    PRIMARY KEY (cell_id, stage_key)
);

CREATE TABLE IF NOT EXISTS scores (
    stage_key        VARCHAR NOT NULL,
    cell_id          VARCHAR NOT NULL,
    evaluator        VARCHAR NOT NULL,
    metric           VARCHAR NOT NULL,
    protocol         VARCHAR NOT NULL,
    version          INTEGER NOT NULL,
    value            DOUBLE,             -- NULL where it is not defined
    stderr           DOUBLE,
    higher_is_better BOOLEAN NOT NULL,
    n                BIGINT NOT NULL,
    imputed          BOOLEAN NOT NULL,
    details          JSON NOT NULL,
    PRIMARY KEY (cell_id, stage_key, metric, protocol)
);

-- Numbers printed elsewhere, with how certain they are (bench/store/published.csv). Metrics and protocols have the
-- names of `scores`; `protocol` and `split` are NULL where the paper does not say.
CREATE TABLE IF NOT EXISTS published (
    paper VARCHAR NOT NULL, "table" VARCHAR NOT NULL, method VARCHAR NOT NULL, dataset VARCHAR NOT NULL,
    metric VARCHAR NOT NULL, protocol VARCHAR, value DOUBLE NOT NULL, split VARCHAR, certainty VARCHAR NOT NULL,
    source VARCHAR NOT NULL
);

-- For every cell, whether it is the newest of its kind: the same generator in the same config on the
-- same data, split and seed has one current cell, however often its code or evaluators changed.
CREATE OR REPLACE VIEW current_cells AS
SELECT cell_id, row_number() OVER newest = 1 AS current
FROM cells c JOIN (SELECT cell_id, max(finished_at) AS finished_at FROM stages GROUP BY cell_id) USING (cell_id)
WINDOW newest AS (
    PARTITION BY dataset, dataset_digest, split, split_seed, generator, config_hash, seed, profile
    ORDER BY finished_at DESC, cell_id
);

-- What leaderboards read, once for each run that a cell belongs to. `reference` is the value of the
-- same metric in the run's holdout cell. A value that is no finite number is not defined.
CREATE OR REPLACE VIEW leaderboard_scores AS
WITH holdout AS (
    SELECT rc.run_id, c.dataset_digest, c.split, c.split_seed, c.seed, c.profile, s.metric, s.protocol, s.version,
           avg(s.value) FILTER (isfinite(s.value)) AS reference
    FROM scores s
    JOIN cells c USING (cell_id)
    JOIN run_cells rc USING (cell_id)
    WHERE c.generator = 'holdout'
    GROUP BY ALL
)
SELECT rc.run_id, c.cell_id, c.dataset, c.variant, c.family, c.dataset_digest, c.split, c.split_seed,
       c.generator, c.config_hash, c.seed, c.profile,
       s.evaluator, s.metric, s.protocol, s.version, CASE WHEN isfinite(s.value) THEN s.value END AS value,
       CASE WHEN isfinite(s.stderr) THEN s.stderr END AS stderr, s.higher_is_better, s.n, s.imputed,
       h.reference, s.details, n.current
FROM scores s
JOIN cells c USING (cell_id)
JOIN run_cells rc USING (cell_id)
JOIN current_cells n USING (cell_id)
LEFT JOIN holdout h USING (run_id, dataset_digest, split, split_seed, seed, profile, metric, protocol, version);

CREATE OR REPLACE VIEW leaderboard_stages AS
SELECT rc.run_id, c.cell_id, c.dataset, c.variant, c.family, c.dataset_digest, c.split, c.split_seed, c.generator,
       c.config_hash, c.seed, c.profile,
       t.stage, t.status, t.phase, t.error, t.finished_at, t.wall_seconds, t.cpu_seconds,
       t.peak_memory_bytes, t.device, t.details, n.current
FROM stages t
JOIN cells c USING (cell_id)
JOIN run_cells rc USING (cell_id)
JOIN current_cells n USING (cell_id);

-- Where the numbers of a leaderboard come from: one row a run, and one a cell.
CREATE OR REPLACE VIEW leaderboard_runs AS
SELECT r.run_id, r.started_at, r.profile, r.spec, r.command, r.host, r.versions, r.git_commit,
       r.cells AS planned, count(rc.cell_id) AS ended
FROM runs r LEFT JOIN run_cells rc USING (run_id)
GROUP BY ALL;

CREATE OR REPLACE VIEW leaderboard_cells AS
SELECT c.*, coalesce(n.current, false) AS current
FROM cells c LEFT JOIN current_cells n USING (cell_id);
