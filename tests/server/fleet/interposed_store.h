// A store with a place between: what a test wants to have happened just before, or just after, one
// change of the fleet is committed.
#pragma once

#include <functional>
#include <utility>

#include "server/store/store.h"

namespace xp::fleet {

class InterposedStore final : public store::Store {
 public:
  // `store` must outlive it.
  explicit InterposedStore(store::Store& store) : store_(store) {}

  // Runs once, before the next change is handed over, and after its commit but before whoever asked
  // for it is answered.
  void BeforeNext(std::function<void()> hook) { before_ = std::move(hook); }
  void AfterNext(std::function<void()> hook) { after_ = std::move(hook); }

  void Enqueue(store::Change change, store::Done done) override {
    const auto before = std::exchange(before_, nullptr);
    const auto after = std::exchange(after_, nullptr);
    if (before) before();
    if (!after) return store_.Enqueue(std::move(change), std::move(done));
    const absl::Status status = store_.Apply(std::move(change));
    after();
    done(status);
  }

  store::ExperimentReads& experiments() override { return store_.experiments(); }
  store::TrialReads& trials() override { return store_.trials(); }
  store::AttemptReads& attempts() override { return store_.attempts(); }
  store::MetricReads& metrics() override { return store_.metrics(); }
  store::LogReads& logs() override { return store_.logs(); }
  store::BackfillReads& backfills() override { return store_.backfills(); }
  store::FileReads& files() override { return store_.files(); }
  store::WorkerReads& workers() override { return store_.workers(); }
  store::AdminReads& admin() override { return store_.admin(); }
  store::Blobs& blobs() override { return store_.blobs(); }
  void AddListener(store::CommitListener* listener) override { store_.AddListener(listener); }
  void RemoveListener(store::CommitListener* listener) override { store_.RemoveListener(listener); }
  void Start() override {}  // the real one's life is its owner's
  void Stop() override {}
  absl::Status RunMaintenance() override { return store_.RunMaintenance(); }

 private:
  store::Store& store_;
  std::function<void()> before_;
  std::function<void()> after_;
};

}  // namespace xp::fleet
