#include "kernels/cast/number_text.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "kernels/cast/number.h"
#include "kernels/operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Reads all of the text as a T.
template <class T>
std::errc read(std::string_view text, T& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr != end ? std::errc::invalid_argument : result.ec;
}

// What a number beyond the range of T rounds to: whether it is too large or too small shows in its exponent or, where
// it has none, in whether there is a digit other than 0 before the point.
template <class T>
T beyond_range(std::string_view text) {
  const size_t exponent = text.find_first_of("eE");
  const bool large = exponent != std::string_view::npos
                         ? text.substr(exponent + 1).front() != '-'
                         : text.substr(0, text.find('.')).find_first_of("123456789") != std::string_view::npos;
  const T magnitude = large ? std::numeric_limits<T>::infinity() : T{0};
  return text.front() == '-' ? -magnitude : magnitude;
}

}  // namespace

template <class T>
std::string number_text(T value) {
  char buffer[32];
  char* const end = buffer + sizeof buffer;
  if constexpr (std::is_integral_v<T>) {
    return std::string(buffer, std::to_chars(buffer, end, value).ptr);
  } else {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "INF" : "-INF";
    const T magnitude = std::fabs(value);
    const bool plain = magnitude == 0 || (magnitude >= T(1e-4) && magnitude < T(1e16));
    const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
    std::string text(buffer, std::to_chars(buffer, end, value, format).ptr);
    if (plain && text.find('.') == std::string::npos) text += ".0";
    return text;
  }
}

template <class T>
T parse_number(std::string_view text) {
  std::string_view digits = trimmed(text);
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
  T value{};
  std::errc error = read(digits, value);
  if (error == std::errc()) return value;
  if constexpr (std::is_integral_v<T>) {
    return convert_number<T>(parse_number<double>(text));
  } else {
    if (error == std::errc::result_out_of_range) return beyond_range<T>(digits);
    throw_error(ErrorCode::InvalidArgument, {"the string \"", std::string(text.substr(0, 64)), "\" is not a number"});
  }
}

template std::string number_text<int32_t>(int32_t);
template std::string number_text<int64_t>(int64_t);
template std::string number_text<uint64_t>(uint64_t);
template std::string number_text<float>(float);
template std::string number_text<double>(double);
template int64_t parse_number<int64_t>(std::string_view);
template uint64_t parse_number<uint64_t>(std::string_view);
template float parse_number<float>(std::string_view);
template double parse_number<double>(std::string_view);

}  // namespace mica
