// Metrics after the fact (DESIGN section 10): runs definitions over stored logs, builds the series
// aside and swaps them in. Ended attempts at once; those that still run when their end is stored.
//
// Safe from any thread. One attempt is extracted at a time, so that a backfill of many logs does
// not crowd out the reports of running trials.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <thread>

#include "proto/mutex.h"
#include "server/store/backfill_store.h"
#include "server/store/commit_listener.h"
#include "server/store/store.h"
#include "xp/v1/metrics.pb.h"

namespace xp::backfill {

class Backfill final : public store::CommitListener {
 public:
  // `store` must outlive this object.
  explicit Backfill(store::Store& store) : store_(store) {}
  ~Backfill() override { Stop(); }

  // False: the caller is gone; the backfill ends after the attempt under way.
  using Send = std::function<bool(const v1::BackfillMetricsResponse&)>;

  // Plans, extracts and answers attempt by attempt. Codes as in metrics.proto.
  absl::Status Run(const v1::BackfillMetricsRequest& request, const Send& send);

  // A thread that extracts what waited for an end which has come. Stop joins it.
  void Start();
  void Stop();

  // What the thread does when it is woken, here and now (for tests).
  void RunPending();

  void OnCommit(const store::CommittedChanges& changes) override;

 private:
  absl::StatusOr<v1::BackfillMetricsResponse> Extract(const store::BackfillPlan& plan);
  absl::StatusOr<v1::BackfillMetricsResponse> Build(const store::BackfillPlan& plan, int64_t build);
  void Loop();

  store::Store& store_;
  std::thread thread_;

  Mutex extracting_;  // held while one attempt is extracted; taken before no other lock
  Mutex mutex_;
  CondVar wake_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = true;  // also at the start: ends may have come before it
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace xp::backfill
