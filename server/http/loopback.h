// Which names mean this machine itself. Pure; safe from any thread.
#pragma once

#include <string_view>

namespace xp::http {

// localhost, 127.x.y.z or ::1.
bool IsLoopbackName(std::string_view name);

// Of a Host header: such a name, ::1 in brackets, with any port.
bool IsLoopbackHost(std::string_view host);

}  // namespace xp::http
