# Tokenise once per model, submit, show. Sourced; needs $bin, $state, $reviews, $reviews_name,
# $source_of_reviews, $epochs (empty: by the number of reviews), xpctl, say and fail. Sets
# $experiment.

# A small model of each kind: enough to learn from short reviews in seconds on a processor.
models=(distilbert distilroberta)
declare -A model_type=([distilbert]=distilbert [distilroberta]=roberta)
vocab_size=4000 max_length=128 learning_rate=2e-3

# Real reviews are longer and of more kinds: a rate of 1e-3 already loses them after the warm-up, and
# 2,000 of them need more rounds than the 25,000 of the public archive.
settle_for_imdb() {
  max_length=256 learning_rate=5e-4
}

# 8 rounds of 2,000 reviews, 3 of 25,000.
default_epochs() {
  local examples
  examples=$(sed -n 's/.*"examples": *\([0-9]*\).*/\1/p' "$prepared/${models[0]}/train/prepared.json" | head -1)
  if [ "$source_of_reviews" != sample ] && [ "${examples:-0}" -lt 10000 ]; then echo 8; else echo 3; fi
}

prepare_reviews() {
  [ "$source_of_reviews" = sample ] || settle_for_imdb
  say "reviews: $reviews_name"
  prepared=$state/prepared/$(prepared_key)
  local model folder
  for model in "${models[@]}"; do
    folder=$prepared/$model
    [ -f "$folder/done" ] && continue
    rm -rf "$folder"
    mkdir -p "$folder"
    say "tokenising for $model (once)"
    "$bin/xptrain" vocab --model-type "${model_type[$model]}" --size $vocab_size \
      --max-position $max_length --output "$folder/model" "$reviews" || fail "xptrain vocab failed, see above"
    "$bin/xptrain" prepare --model "$folder/model" --input "$reviews" --max-length $max_length \
      --output "$folder" || fail "xptrain prepare failed, see above"
    touch "$folder/done"
  done
}

# Other reviews, other settings or another xptrain: prepared anew.
prepared_key() {
  {
    echo "$reviews" $vocab_size $max_length
    "$bin/xptrain" --version
    stat -Lc '%s %Y' "$reviews"
  } | sha256sum | cut -c1-16
}

run_experiment() {
  [ -n "$epochs" ] || epochs=$(default_epochs)
  experiment=quickstart-$(date +%Y%m%d-%H%M%S)
  spec=$state/specs/$experiment.yaml
  mkdir -p "$state/specs"
  write_spec >"$spec"
  say "experiment $experiment: ${#models[@]} trials, $epochs epochs each ($spec)"
  xpctl submit "$spec" --wait || fail "not all trials completed; why: $bin/xpctl --server $server why $experiment/${models[0]}
logs: $state/logs/, and $bin/xpctl --server $server logs $experiment/${models[0]}"
}

write_spec() {
  cat <<YAML
# Written by deploy/quickstart.sh: the published comparison, small.
experiment: $experiment
description: Which model for movie reviews? ($(basename "$reviews"))
rank_by: "test:f1"
defaults:
  command: [$bin/xptrain, train]
  metrics:
    - {name: "test:loss",      regex: "'eval_loss': (.*?),", goal: min}
    - {name: "test:accuracy",  regex: "'eval_accuracy': (.*?),"}
    - {name: "test:f1",        regex: "'eval_f1': (.*?),"}
    - {name: "test:precision", regex: "'eval_precision': (.*?),"}
    - {name: "test:recall",    regex: "'eval_recall': (.*?),"}
  params: {epochs: $epochs, train_batch_size: 16, learning_rate: $learning_rate, warmup_ratio: 0.1, seed: 42}
  resources: {gpus: 0}
trials:
YAML
  local model
  for model in "${models[@]}"; do
    cat <<YAML
  - name: $model
    params: {model_name: $model}
    inputs: {train: $prepared/$model/train, test: $prepared/$model/test}
YAML
  done
}

tell_what_next() {
  cat <<TEXT

What to type next:

  export PATH=$bin:\$PATH XP_SERVER=$server
  xpctl compare $experiment --stat last,avg,count      the same table, other statistics
  xpctl show $experiment/${models[0]}                  one trial: what was scanned, matched, kept
  xpctl logs $experiment/${models[1]}                  its log, byte for byte
  xpctl artifacts pull $experiment/${models[0]} DIR    the trained model
  xpctl submit $spec --wait                            change the file first: a new name, other params
  PYTHONPATH=$python_path /usr/bin/python3 -c 'import xp; print(xp.connect("$server").experiment("$experiment").dataframe().T)'

xpserver and xpworker stay up (HTTP: http://$http); deploy/quickstart.sh$([ "$state" = "$root/.quickstart" ] || echo " --state $state") --stop ends them.
TEXT
}
