#include "runtime/base/concat.h"

namespace mica {

void TextPart::append_text(const TextPart& part, std::string& text) {
  text += static_cast<const char*>(part.object_);
}

void TextPart::append_string(const TextPart& part, std::string& text) {
  text += *static_cast<const std::string*>(part.object_);
}

void TextPart::append_view(const TextPart& part, std::string& text) {
  text += *static_cast<const std::string_view*>(part.object_);
}

void TextPart::append_number(const TextPart& part, std::string& text) {
  text += std::to_string(part.number_);
}

std::string concat(std::initializer_list<TextPart> parts) {
  std::string text;
  for (const TextPart& part : parts) part.append_to(text);
  return text;
}

void throw_error(ErrorCode code, std::initializer_list<TextPart> parts) {
  throw Error(code, concat(parts));
}

}  // namespace mica
