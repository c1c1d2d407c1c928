// Numbers in strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mica {

/// The shortest decimal text that reads back as the same number: "42", "0.5", "3.0", "1e-07", "NaN", "INF", "-INF".
/// Scientific below 1e-4 and from 1e16 on. T: int32_t, int64_t, uint64_t, float, double.
template <class T>
std::string number_text(T value);

/// The number that a text holds, plain or scientific, or one of INF, +INF, -INF and NaN in upper or lower case; blanks
/// about it are skipped. To an integer type a fraction is cut off, and what the type does not hold is converted as
/// `convert_number` does. Throws what a kernel throws when the text is no number. T: int64_t, uint64_t, float, double.
template <class T>
T parse_number(std::string_view text);

}  // namespace mica
