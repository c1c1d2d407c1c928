#include "graph/text_elements.h"

#include <algorithm>
#include <charconv>
#include <type_traits>

#include "runtime/base/half.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

bool is_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '$' || c == '%';
}

template <class T>
std::string to_text(T value) {
  char buffer[64];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

template <class T>
bool from_text(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Types whose elements are shown as their codes, `bits` wide.
bool is_coded(DType dtype) {
  return is_sub_byte(dtype) || types::float8.contains(dtype) || dtype == DType::F8E8M0;
}

int code(const Tensor& tensor, int64_t index) {
  const int bits = bit_width(tensor.dtype());
  const int64_t at = index * bits;
  const int value = tensor.data<uint8_t>()[at / 8] >> (at % 8) & ((1 << bits) - 1);
  const bool is_signed = tensor.dtype() == DType::I4 || tensor.dtype() == DType::I2;
  return is_signed && value >> (bits - 1) != 0 ? value - (1 << bits) : value;
}

bool store_code(int value, Tensor& tensor, int64_t index) {
  const int bits = bit_width(tensor.dtype());
  const bool is_signed = tensor.dtype() == DType::I4 || tensor.dtype() == DType::I2;
  const int low = is_signed ? -(1 << (bits - 1)) : 0;
  if (value < low || value >= low + (1 << bits)) return false;
  const int64_t at = index * bits;
  uint8_t& byte = tensor.mutable_data<uint8_t>()[at / 8];
  const int mask = ((1 << bits) - 1) << (at % 8);
  byte = static_cast<uint8_t>((byte & ~mask) | (value << (at % 8) & mask));
  return true;
}

// The type in which the numbers of a tensor of T are read and written.
template <class T>
using TextType = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float, T>;

}  // namespace

bool is_plain_name(std::string_view name) {
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == ':' && i + 1 < name.size() && name[i + 1] == ':') {
      ++i;
    } else if (!is_letter(name[i]) && name[i] != '/') {
      return false;
    }
  }
  return !name.empty();
}

bool is_plain_symbol(std::string_view symbol) {
  return !symbol.empty() && std::ranges::all_of(symbol, is_letter) &&
         std::isdigit(static_cast<unsigned char>(symbol[0])) == 0;
}

int64_t stored_numbers(const Tensor& tensor) {
  return types::complex.contains(tensor.dtype()) ? 2 * tensor.elements() : tensor.elements();
}

std::string element_text(const Tensor& tensor, int64_t index) {
  if (is_coded(tensor.dtype())) return to_text(code(tensor, index));
  if (tensor.dtype() == DType::Bool) return tensor.data<bool>()[index] ? "true" : "false";
  if (tensor.dtype() == DType::C64) return to_text(static_cast<const float*>(tensor.raw())[index]);
  if (tensor.dtype() == DType::C128) return to_text(static_cast<const double*>(tensor.raw())[index]);
  std::string text;
  visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>(
      tensor.dtype(), [&]<class T>() { text = to_text(static_cast<TextType<T>>(element_at<T>(tensor, index))); });
  return text;
}

bool parse_element(std::string_view text, Tensor& tensor, int64_t index) {
  if (is_coded(tensor.dtype())) {
    int value = 0;
    return from_text(text, value) && store_code(value, tensor, index);
  }
  if (tensor.dtype() == DType::Bool) {
    tensor.mutable_data<bool>()[index] = text == "true";
    return text == "true" || text == "false";
  }
  if (tensor.dtype() == DType::C64) return from_text(text, static_cast<float*>(tensor.mutable_raw())[index]);
  if (tensor.dtype() == DType::C128) return from_text(text, static_cast<double*>(tensor.mutable_raw())[index]);
  bool good = false;
  visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>(
      tensor.dtype(), [&]<class T>() {
        TextType<T> value{};
        good = from_text(text, value);
        if (good) tensor.mutable_data<T>()[index] = T(value);
      });
  return good;
}

std::string quoted_text(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string float_text(float value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";  // "inf" and "nan" have an n
  return text;
}

}  // namespace mica
