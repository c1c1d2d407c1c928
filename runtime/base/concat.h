// Texts of messages, put together in one call: what stands where an error is found stays small.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace mica {

/// A piece of a text: a text, an integer in decimal, or whatever has a member or a function `str`. Refers to it.
class TextPart {
 public:
  TextPart(const char* text) : object_(text), append_(append_text) {}
  TextPart(const std::string& text) : object_(&text), append_(append_string) {}
  TextPart(const std::string_view& text) : object_(&text), append_(append_view) {}
  template <std::integral T>
  TextPart(T number) : number_(static_cast<int64_t>(number)), append_(append_number) {}
  template <class T>
  requires requires(const T& object) { object.str(); }
  TextPart(const T& object)
      : object_(&object),
        append_([](const TextPart& part, std::string& text) { text += static_cast<const T*>(part.object_)->str(); }) {}
  template <class T>
  requires requires(const T& object) { str(object); }
  TextPart(const T& object)
      : object_(&object),
        append_([](const TextPart& part, std::string& text) { text += str(*static_cast<const T*>(part.object_)); }) {}

  void append_to(std::string& text) const { append_(*this, text); }

 private:
  static void append_text(const TextPart& part, std::string& text);
  static void append_string(const TextPart& part, std::string& text);
  static void append_view(const TextPart& part, std::string& text);
  static void append_number(const TextPart& part, std::string& text);

  union {
    const void* object_;
    int64_t number_;
  };
  void (*append_)(const TextPart& part, std::string& text);
};

/// The parts one after the other: concat({"dim ", 3, " of ", shape}).
std::string concat(std::initializer_list<TextPart> parts);

/// Throws an Error that says so.
[[noreturn]] void throw_error(ErrorCode code, std::initializer_list<TextPart> parts);

}  // namespace mica
