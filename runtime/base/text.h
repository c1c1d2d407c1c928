// Small helpers for messages.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mica {

/// The candidate with the smallest edit distance to `name`, for "did you mean"; else one that begins with it. Empty
/// when none is near.
std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates);

/// For messages: `no input is called "ad"; did you mean "add"?`. Where none is near it lists those that there are.
std::string unknown_name(std::string_view kind, std::string_view name, std::span<const std::string_view> known);

/// With the letters A to Z in lower case.
std::string lower_case(std::string text);

}  // namespace mica
