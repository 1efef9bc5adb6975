// What a store may know of a filter before it reads a row, so that an index can name the rows to
// try. Each row is still put to the filter itself: these only spare the others.
// Pure functions; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/core/filter.h"

namespace xp::core {

// Equalities that hold of everything the filter lets through: the whole filter, or one of the terms
// that AND joins at its top. Text as it is written in the filter.
std::optional<std::string> RequiredText(const Filter& filter, std::string_view field);

// Whether any comparison asks for `field`, or for something in it ("params").
bool Mentions(const Filter& filter, std::string_view field);

}  // namespace xp::core
