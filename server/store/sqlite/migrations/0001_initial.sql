-- Version 1. docs/database.md explains the tables and why they look so.
-- Times are nanoseconds UTC since 1970 unless a name says otherwise; 0: not yet.
-- States, reasons and events are stored by name (core/trial_state.h).

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE experiments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  folded_name TEXT NOT NULL,
  description TEXT NOT NULL,
  rank_by TEXT NOT NULL,
  tags TEXT NOT NULL,            -- JSON object
  notes TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  update_time INTEGER NOT NULL,
  request_id TEXT,
  request_hash TEXT,             -- SHA-256 of the request that made it
  deleted INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX experiments_by_name ON experiments (folded_name) WHERE deleted = 0;
CREATE INDEX experiments_by_request ON experiments (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX experiments_deleted ON experiments (id) WHERE deleted = 1;

-- The metric definitions of trials, each distinct list once: what compare needs of the specs.
CREATE TABLE definition_sets (
  id INTEGER PRIMARY KEY,
  content BLOB NOT NULL UNIQUE   -- TrialSpec with nothing but metric_definitions and metrics_preset
);

CREATE TABLE trials (
  id INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of submission; never used again
  uid TEXT NOT NULL UNIQUE,
  experiment_id INTEGER NOT NULL REFERENCES experiments (id),
  name TEXT NOT NULL,
  folded_name TEXT NOT NULL,
  tags TEXT NOT NULL,            -- JSON object
  params BLOB NOT NULL,          -- TrialSpec with nothing but params: what compare and filters need
  definitions_id INTEGER NOT NULL REFERENCES definition_sets (id),
  resources BLOB NOT NULL,       -- Resources
  retries INTEGER NOT NULL,
  timeout_ms INTEGER NOT NULL,   -- 0: none
  resume INTEGER NOT NULL,
  tracked_run INTEGER NOT NULL,  -- begun by `xpctl run`: never queued again
  create_time INTEGER NOT NULL,
  request_id TEXT,
  request_hash TEXT,
  -- What changes:
  priority INTEGER NOT NULL,
  state TEXT NOT NULL,
  failure TEXT NOT NULL DEFAULT '',
  stop TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT '',
  attempt INTEGER NOT NULL DEFAULT 0,
  worker TEXT NOT NULL DEFAULT '',
  start_time INTEGER NOT NULL DEFAULT 0,
  end_time INTEGER NOT NULL DEFAULT 0,
  update_time INTEGER NOT NULL,
  queue_order INTEGER NOT NULL,
  queued_time INTEGER NOT NULL,
  finishing_time INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  worker_faults INTEGER NOT NULL DEFAULT 0,
  faulted_workers TEXT NOT NULL DEFAULT '[]',  -- JSON list
  used_ms INTEGER NOT NULL DEFAULT 0,          -- run time of ended attempts since submit or retry
  retry_request_id TEXT,
  deleted INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX trials_by_name ON trials (experiment_id, folded_name) WHERE deleted = 0;
CREATE INDEX trials_by_experiment ON trials (experiment_id, id);
CREATE INDEX trials_by_definitions ON trials (definitions_id);
CREATE INDEX trials_by_request ON trials (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX trials_live ON trials (id)
  WHERE deleted = 0 AND state NOT IN ('COMPLETED', 'FAILED', 'STOPPED');
CREATE INDEX trials_deleted ON trials (id) WHERE deleted = 1;

-- What most queries need not touch.
CREATE TABLE trial_details (
  trial_id INTEGER PRIMARY KEY REFERENCES trials (id),
  spec BLOB NOT NULL,            -- TrialSpec
  notes TEXT NOT NULL,
  log_tail BLOB NOT NULL DEFAULT ''
);

CREATE TABLE attempts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  number INTEGER NOT NULL,
  worker TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',      -- EndReason
  message TEXT NOT NULL DEFAULT '',
  exit_code INTEGER,
  signal INTEGER NOT NULL DEFAULT 0,
  slots TEXT NOT NULL DEFAULT '[]',     -- JSON list
  assign_time INTEGER NOT NULL,
  start_time INTEGER NOT NULL DEFAULT 0,
  exit_time INTEGER NOT NULL DEFAULT 0,
  end_time INTEGER NOT NULL DEFAULT 0,
  run_ms INTEGER NOT NULL DEFAULT 0,
  accepted INTEGER NOT NULL DEFAULT 0,
  exited INTEGER NOT NULL DEFAULT 0,
  finished INTEGER NOT NULL DEFAULT 0,
  confirmed INTEGER NOT NULL DEFAULT 0,
  resumed INTEGER NOT NULL DEFAULT 0,
  resumed_from_step INTEGER,
  checkpoint_from_attempt INTEGER NOT NULL DEFAULT 0,
  checkpoint_note TEXT NOT NULL DEFAULT '',
  -- The verdict, kept until the last byte is in.
  verdict_event TEXT NOT NULL DEFAULT '',
  verdict_failure TEXT NOT NULL DEFAULT '',
  verdict_stop TEXT NOT NULL DEFAULT '',
  verdict_charge INTEGER NOT NULL DEFAULT 0,
  verdict_why TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX attempts_by_trial ON attempts (trial_id, number);

-- One source of an attempt: the log (1), the metrics file (2), a writer (3).
CREATE TABLE sources (
  attempt_id INTEGER NOT NULL REFERENCES attempts (id),
  kind INTEGER NOT NULL,
  writer_id TEXT NOT NULL,
  generation INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL DEFAULT 0,           -- bytes; points for writers: the acknowledged position
  inside_over_long_line INTEGER NOT NULL DEFAULT 0,
  end_generation INTEGER,
  end_offset INTEGER,                        -- the final length, once its worker has said it
  bytes INTEGER NOT NULL DEFAULT 0,          -- of all generations
  lines INTEGER NOT NULL DEFAULT 0,
  points INTEGER NOT NULL DEFAULT 0,
  series INTEGER NOT NULL DEFAULT 0,
  over_long_lines INTEGER NOT NULL DEFAULT 0,
  bad_lines INTEGER NOT NULL DEFAULT 0,
  bad_line_sample TEXT NOT NULL DEFAULT '',
  bytes_not_kept INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (attempt_id, kind, writer_id)
) WITHOUT ROWID;

-- Raw bytes of a source, zstd-compressed, with their times of arrival.
CREATE TABLE log_chunks (
  id INTEGER PRIMARY KEY,
  attempt_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  from_offset INTEGER NOT NULL,
  to_offset INTEGER NOT NULL,
  times BLOB NOT NULL,           -- store/log_chunk.h
  data BLOB NOT NULL
);
CREATE UNIQUE INDEX log_chunks_by_offset
  ON log_chunks (attempt_id, kind, generation, from_offset);

-- Names and running summaries of an attempt's series, 32 to a row, so that a report rewrites few
-- small rows and compare reads one or two per trial. id = attempt_id * 1024 + block.
CREATE TABLE series_blocks (
  id INTEGER PRIMARY KEY,
  data BLOB NOT NULL             -- store/series_block.h
);

-- Packed points: a row per series and commit, merged in the background.
CREATE TABLE point_chunks (
  id INTEGER PRIMARY KEY,
  attempt_id INTEGER NOT NULL,
  series INTEGER NOT NULL,           -- the number within series_blocks
  first_position INTEGER NOT NULL,   -- place of its first point in the series, from 0
  points INTEGER NOT NULL,
  header BLOB NOT NULL,              -- core/chunk_header.h
  data BLOB NOT NULL                 -- core/series_chunk.h
);
CREATE UNIQUE INDEX point_chunks_by_position
  ON point_chunks (attempt_id, series, first_position);

CREATE TABLE definition_counters (
  attempt_id INTEGER PRIMARY KEY REFERENCES attempts (id),
  receipt BLOB NOT NULL              -- Receipt with nothing but definitions
);

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  time INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  state TEXT NOT NULL,
  message TEXT NOT NULL
);
CREATE INDEX events_by_trial ON events (trial_id, id);

-- Definitions added after the fact; the newest revision of a name counts.
CREATE TABLE backfill_definitions (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  name TEXT NOT NULL,                -- or "preset:NAME"
  revision INTEGER NOT NULL,
  regex TEXT NOT NULL,
  goal INTEGER NOT NULL,
  PRIMARY KEY (trial_id, name, revision)
) WITHOUT ROWID;
CREATE TABLE backfill_done (
  attempt_id INTEGER NOT NULL REFERENCES attempts (id),
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (attempt_id, name, revision)
) WITHOUT ROWID;
CREATE TABLE backfill_waiting (
  attempt_id INTEGER PRIMARY KEY REFERENCES attempts (id)
);
CREATE TABLE backfill_builds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  attempt_id INTEGER NOT NULL UNIQUE REFERENCES attempts (id),
  plan BLOB NOT NULL                 -- BackfillMetricsRequest: definitions and preset
);

CREATE TABLE blobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256 TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  pinned_until INTEGER NOT NULL
);
-- Blobs that were read as manifests, and what they list.
CREATE TABLE manifests (
  blob_id INTEGER PRIMARY KEY REFERENCES blobs (id),
  file_count INTEGER NOT NULL,
  total_bytes INTEGER NOT NULL
);
CREATE TABLE manifest_blobs (
  manifest_id INTEGER NOT NULL REFERENCES manifests (blob_id),
  blob_id INTEGER NOT NULL REFERENCES blobs (id),
  PRIMARY KEY (manifest_id, blob_id)
) WITHOUT ROWID;
CREATE INDEX manifest_blobs_by_blob ON manifest_blobs (blob_id);
CREATE TABLE trial_blobs (
  trial_id INTEGER NOT NULL REFERENCES trials (id),
  blob_id INTEGER NOT NULL REFERENCES blobs (id),
  PRIMARY KEY (trial_id, blob_id)
) WITHOUT ROWID;
CREATE INDEX trial_blobs_by_blob ON trial_blobs (blob_id);
CREATE TABLE artifacts (
  attempt_id INTEGER NOT NULL REFERENCES attempts (id),
  path TEXT NOT NULL,
  blob_id INTEGER NOT NULL REFERENCES blobs (id),
  executable INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  PRIMARY KEY (attempt_id, path)
) WITHOUT ROWID;
CREATE INDEX artifacts_by_blob ON artifacts (blob_id);

CREATE TABLE datasets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  folded_name TEXT NOT NULL UNIQUE,
  last_version INTEGER NOT NULL      -- numbers are never used again
);
CREATE TABLE dataset_versions (
  dataset_id INTEGER NOT NULL REFERENCES datasets (id),
  version INTEGER NOT NULL,
  manifest_id INTEGER NOT NULL REFERENCES manifests (blob_id),
  description TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  PRIMARY KEY (dataset_id, version)
) WITHOUT ROWID;
CREATE INDEX dataset_versions_by_manifest ON dataset_versions (manifest_id);

CREATE TABLE workers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  drained INTEGER NOT NULL DEFAULT 0,
  drain_reason TEXT NOT NULL DEFAULT '',
  first_seen_time INTEGER NOT NULL,
  last_seen_time INTEGER NOT NULL,
  details BLOB NOT NULL              -- Worker: slots, labels, host, version
);
