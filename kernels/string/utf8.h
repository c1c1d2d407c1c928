// UTF-8 text as code points.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mica {

/// Takes the first code point off `text`, which is not empty; a byte that begins none stands for U+FFFD.
char32_t take_code_point(std::string_view& text);

void append_utf8(std::string& text, char32_t code);

/// Simple case mapping of Latin, Greek and Cyrillic letters; other code points stay.
char32_t to_lower(char32_t code);
char32_t to_upper(char32_t code);

}  // namespace mica
