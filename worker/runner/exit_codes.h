// How xprunner's foreground half ends: the answer to StartRunner.
#pragma once

namespace xp::runner {

enum ExitCode : int {
  kStarted = 0,     // the run goes on in the background, or `exit` says why it could not
  kNotStarted = 1,  // nothing runs; stderr says why
  kFolderUsed = 3,  // another runner holds the folder, or held it before
  kUsage = 64,
};

}  // namespace xp::runner
