// The small parsers take any text; what is a step is a number too.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "worker/capture/clean_text.h"
#include "worker/capture/flat_object.h"
#include "worker/capture/number.h"
#include "worker/capture/timestamp.h"

using namespace xp::capture;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (ParseStep(text) && !ParseNumber(text)) abort();
  ParseTimestamp(text, absl::UTCTimeZone());
  if (ReadFlatObject(text, 0).end > text.size()) abort();
  std::string buffer;
  if (!IsValidUtf8(CleanLine(text, &buffer))) abort();
  if (!IsValidUtf8(MakeSample(text))) abort();
  return 0;
}
