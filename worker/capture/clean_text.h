// From the raw bytes of a line to the text that is matched: escape sequences stripped, invalid
// UTF-8 replaced by U+FFFD, so that one UTF-8 regex serves every line and whatever is kept as a
// sample can travel as text. NUL bytes stay: RE2 takes them like any other. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "proto/limits.h"

namespace xp::capture {

// `raw` without CSI (`ESC [ ... letter`), OSC and other string sequences (`ESC ] ... BEL` or
// `ESC \`) and two-byte escapes. What is unfinished ends with the line.
std::string StripEscapes(std::string_view raw);

bool IsValidUtf8(std::string_view text);

// Each byte that is not part of a valid sequence becomes U+FFFD.
std::string ReplaceInvalidUtf8(std::string_view text);

// The matched text of a raw line: `raw` itself if it is clean, else cleaned in `*buffer`, which
// must outlive the result.
std::string_view CleanLine(std::string_view raw, std::string* buffer);

// For showing to people: valid UTF-8, control characters (tabs aside) replaced, at most
// `max_bytes`, never cut inside a character.
std::string MakeSample(std::string_view text, size_t max_bytes = limits::kSampleMaxBytes);

// Whether a text found in a log can name a series: 1-255 bytes without control characters.
bool IsSeriesName(std::string_view name);

// ASCII lower case, other bytes as they are.
std::string ToLowerAscii(std::string_view text);

// Without blanks (space, tab and the other ASCII white space) at both ends.
std::string_view TrimBlanks(std::string_view text);

}  // namespace xp::capture
