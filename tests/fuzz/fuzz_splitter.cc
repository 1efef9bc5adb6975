// Lines of any bytes, cut anywhere in two, are the lines of the whole; the first byte says where to
// cut and how long a line may be.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "worker/capture/line_splitter.h"

using xp::capture::Line;
using xp::capture::LineSplitter;
using xp::capture::LogEnd;
using xp::capture::LogPosition;

namespace {

LogPosition Split(LogPosition from, std::string_view bytes, LogEnd end, size_t max_line,
                  std::vector<std::string>* lines) {
  LineSplitter splitter(from, bytes, end, max_line);
  Line line;
  while (splitter.Next(&line)) {
    lines->push_back(std::to_string(line.offset) + (line.cut ? "cut" : ":") +
                     std::string(line.text));
  }
  return splitter.position();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t cut = data[0] % bytes.size();
  const size_t max_line = 1 + data[0] % 13;
  std::vector<std::string> whole, pieces;
  Split({}, bytes, LogEnd::kFinal, max_line, &whole);
  const LogPosition middle = Split({}, bytes.substr(0, cut), LogEnd::kMayGrow, max_line, &pieces);
  if (middle.offset > cut) abort();
  Split(middle, bytes.substr(middle.offset), LogEnd::kFinal, max_line, &pieces);
  if (whole != pieces) abort();
  return 0;
}
