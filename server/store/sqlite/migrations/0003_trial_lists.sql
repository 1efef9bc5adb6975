-- Version 3. The first page of a list of trials comes from an index, however many trials there are:
-- by state (of all, or of an experiment), and by name over all experiments.
CREATE INDEX trials_by_state ON trials (state, id) WHERE deleted = 0;
CREATE INDEX trials_by_experiment_state ON trials (experiment_id, state, id) WHERE deleted = 0;
CREATE INDEX trials_by_folded_name ON trials (folded_name, id) WHERE deleted = 0;
