// Names and elements of tensors in the text form of graphs. For the text form's own files.
#pragma once

#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/tensor.h"

namespace mica {

/// A name that needs no quotes.
bool is_plain_name(std::string_view name);
/// A symbol of a dim that needs no quotes: without `/`, which divides.
bool is_plain_symbol(std::string_view symbol);

/// A text in quotes, as TextScanner::quoted reads it.
std::string quoted_text(std::string_view text);
/// A number that reads as a float again: with a point, an exponent, or a name.
std::string float_text(float value);

/// How many numbers the text of a tensor has: two for each complex element.
int64_t stored_numbers(const Tensor& tensor);

/// Number `index` of a tensor of anything but strings. Narrow floating point types are given by their codes.
std::string element_text(const Tensor& tensor, int64_t index);
/// Stores it; false when `text` is no such number or does not fit.
bool parse_element(std::string_view text, Tensor& tensor, int64_t index);

}  // namespace mica
