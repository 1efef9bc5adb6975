#include "server/http/prometheus.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <string_view>

#include "proto/status.h"

namespace xp::http {
namespace {

class Exposition {
 public:
  void Gauge(std::string_view name, std::string_view help, double value) {
    Add(name, help, "gauge", value);
  }
  void Counter(std::string_view name, std::string_view help, double value) {
    Add(name, help, "counter", value);
  }
  std::string text;

 private:
  void Add(std::string_view name, std::string_view help, std::string_view type, double value) {
    absl::StrAppend(&text, "# HELP ", ToAbsl(name), " ", ToAbsl(help), "\n# TYPE ", ToAbsl(name),
                    " ", ToAbsl(type), "\n", ToAbsl(name), " ", absl::StrFormat("%.17g", value),
                    "\n");
  }
};

}  // namespace

std::string PrometheusText(const v1::Stats& stats) {
  Exposition out;
  out.text =
      absl::StrCat("# HELP xp_build_info The version that runs.\n# TYPE xp_build_info gauge\n",
                   "xp_build_info{version=\"", stats.version(), "\"} 1\n");
  const auto& start = stats.start_time();
  out.Gauge("xp_start_time_seconds", "When the server started, since 1970.",
            static_cast<double>(start.seconds()) + start.nanos() * 1e-9);
  out.Gauge("xp_database_bytes", "Size of the database file.", stats.database_bytes());
  out.Gauge("xp_write_ahead_log_bytes", "Size of the write-ahead log.",
            stats.write_ahead_log_bytes());
  out.Gauge("xp_blob_bytes", "Bytes of all blobs.", stats.blob_bytes());
  out.Gauge("xp_blobs", "Number of blobs.", stats.blob_count());
  out.Gauge("xp_disk_free_bytes", "Free space where the data folder is.", stats.disk_free_bytes());
  out.Gauge("xp_disk_reserve_bytes", "Below this much free space reports are refused.",
            stats.disk_reserve_bytes());
  out.Gauge("xp_experiments", "Experiments.", stats.experiments());
  out.Gauge("xp_trials", "Trials.", stats.trials());
  out.Gauge("xp_trials_queued", "Trials that wait for a slot.", stats.trials_queued());
  out.Gauge("xp_trials_running", "Trials that hold a slot.", stats.trials_running());
  out.Gauge("xp_attempts", "Attempts.", stats.attempts());
  out.Gauge("xp_series", "Series.", stats.series());
  out.Gauge("xp_points", "Points held.", stats.points());
  out.Gauge("xp_workers_connected", "Workers with an open stream.", stats.workers_connected());
  out.Gauge("xp_writer_queue_length", "Changes that wait for the writer.",
            stats.writer_queue_length());
  out.Counter("xp_commits_total", "Transactions committed since start.", stats.commits());
  out.Counter("xp_commit_items_total", "Changes in those transactions.", stats.commit_items());
  const auto& spent = stats.commit_time();
  out.Counter("xp_commit_seconds_total", "Time spent committing.",
              static_cast<double>(spent.seconds()) + spent.nanos() * 1e-9);
  return std::move(out.text);
}

}  // namespace xp::http
