#include "tools/kernels/family.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "tools/options.h"

namespace mica::tools {
namespace {

constexpr std::array<std::pair<std::string_view, DType>, 6> kTypeNames = {{{"f32", DType::F32},
                                                                           {"bf16", DType::BF16},
                                                                           {"f16", DType::F16},
                                                                           {"f64", DType::F64},
                                                                           {"i8", DType::I8},
                                                                           {"int8", DType::I8}}};
[[noreturn]] void refuse(const KernelFamily& family, std::string_view text, std::string_view why) {
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("{} wants {}, not \"{}\"{}", family.name, family.form, text, why));
}

}  // namespace

int64_t KernelRequest::number(std::string_view word, int64_t otherwise) const {
  const auto found = words.find(word);
  if (found == words.end()) return otherwise;
  int64_t value = -1;
  const std::string& digits = found->second;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value > (int64_t{1} << 24)) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("\"{}\": {} wants a number behind it", text, word));
  }
  return value;
}

const KernelFamily& kernel_family(std::string_view name) {
  std::vector<std::string_view> known;
  for (const KernelFamily& family : kernel_families()) {
    if (family.name == name) return family;
    known.push_back(family.name);
  }
  throw Error(ErrorCode::InvalidArgument, unknown_name("family of kernels", name, known));
}

DType kernel_dtype(const KernelFamily& family, std::string_view text) {
  std::vector<std::string_view> known;
  for (const auto& [name, dtype] : kTypeNames) {
    if (!family.types.contains(dtype)) continue;
    if (name == text) return dtype;
    known.push_back(name);
  }
  throw Error(ErrorCode::InvalidArgument, unknown_name(fmt::format("type of {}", family.name), text, known));
}

KernelRequest parse_kernel_request(const KernelFamily& family, std::string_view text, DType dtype) {
  KernelRequest request;
  request.text = text;
  request.dtype = dtype;
  const size_t comma = text.find(',');
  const auto dims = parse_shape(text.substr(0, comma));
  if (!dims || dims->rank() < family.least_rank || dims->rank() > family.most_rank) refuse(family, text, "");
  if (dims->elements() == 0) refuse(family, text, ": nothing to measure");
  request.dims = *dims;
  std::string_view rest = comma == std::string_view::npos ? "" : text.substr(comma);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(word.size());
    const size_t digits = std::min(word.find_first_of("0123456789"), word.size());
    const std::string_view name = word.substr(0, digits);
    if (std::ranges::find(family.words, name) == family.words.end()) {
      refuse(family, text, fmt::format(": what is \"{}\"?", word));
    }
    request.words.emplace(name, word.substr(digits));
  }
  return request;
}

}  // namespace mica::tools
