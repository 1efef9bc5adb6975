// The folder of one attempt: the names of its files. Who writes each file, in which version and how
// it is synced stands in docs/attempt-folder.md. A value; safe from any thread.
#pragma once

#include <string>
#include <utility>

namespace xp::runner {

class AttemptFolder {
 public:
  // `path` is absolute: the runner does not share the daemon's working directory.
  explicit AttemptFolder(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  // Written by whoever starts the runner, before it starts.
  std::string SpecFile() const { return path_ + "/attempt.json"; }
  // The training's stdout and stderr: the training holds its descriptor itself.
  std::string LogFile() const { return path_ + "/log"; }
  // Written by the runner.
  std::string LogTimesFile() const { return path_ + "/log.times"; }
  std::string LockFile() const { return path_ + "/lock"; }
  std::string PidFile() const { return path_ + "/pid"; }
  std::string ExitFile() const { return path_ + "/exit"; }
  // What the runner itself has to say; empty when all went well.
  std::string RunnerLogFile() const { return path_ + "/runner.log"; }
  // Written by whoever wants the run to stop.
  std::string StopFile() const { return path_ + "/stop.json"; }

  // What the program is told to write to; prepared by whoever starts the runner.
  std::string OutputDir() const { return path_ + "/output"; }
  std::string ModelDir() const { return path_ + "/model"; }
  std::string MetricsFile() const { return path_ + "/metrics.jsonl"; }
  // Written by the daemon once the server has stored the end: nothing of it is needed here.
  std::string ConfirmedFile() const { return path_ + "/confirmed.pb"; }

 private:
  std::string path_;
};

}  // namespace xp::runner
