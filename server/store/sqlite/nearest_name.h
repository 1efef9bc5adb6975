// "did you mean": the names nearest to one that is not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xp::store {

// "; did you mean 'abc'?", or "; there are: a, b, c", or "; there is none"; a longer list ends with
// "...: see COMMAND". Pure; safe from any thread.
std::string DescribeNearest(std::string_view wanted, const std::vector<std::string>& names,
                            std::string_view command);

}  // namespace xp::store
