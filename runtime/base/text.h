// Small helpers for messages.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mica {

/// The candidate with the smallest edit distance to `name`, for "did you mean"; empty when none is near.
std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace mica
