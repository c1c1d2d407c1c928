#include "tools/inputs/dim_choice.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>

#include "tools/inputs/names.h"

namespace mica::tools {
namespace {

constexpr int64_t kDefault = 8;
constexpr std::array<int64_t, 12> kOthers = {1, 256, 64, 32, 512, 128, 16, 224, 1024, 4, 2, 3};

// The importer calls the first dim of "x" without a name "x.0".
bool is_batch(std::string_view name) {
  static const std::set<std::string> kNames = {"n", "b", "bs", "none"};
  return (has_word(name, "batch") && !has_word(name, "len")) || kNames.contains(lower_case(name)) ||
         name.ends_with(".0");
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// A number, a known symbol, or a sum of products of such; nullopt for anything else and for overflow.
std::optional<int64_t> evaluate(std::string_view text, const SymbolValues& values) {
  text = trimmed(text);
  for (const char sign : {'+', '*'}) {
    const size_t at = text.find(sign);
    if (at == std::string_view::npos) continue;
    const auto a = evaluate(text.substr(0, at), values), b = evaluate(text.substr(at + 1), values);
    int64_t result = 0;
    if (!a || !b) return std::nullopt;
    const bool overflows =
        sign == '+' ? __builtin_add_overflow(*a, *b, &result) : __builtin_mul_overflow(*a, *b, &result);
    return overflows ? std::nullopt : std::optional(result);
  }
  if (const auto known = values.find(text); known != values.end()) return known->second;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

// The past and the new length, where both are known.
std::optional<int64_t> total(const SymbolValues& values) {
  std::optional<int64_t> past, length;
  for (const auto& [name, value] : values) {
    if (has_word(name, "past")) {
      past = value;
    } else if (has_word(name, "seq") && !has_word(name, "total")) {
      length = value;
    }
  }
  int64_t sum = 0;
  return past && length && !__builtin_add_overflow(*past, *length, &sum) ? std::optional(sum) : std::nullopt;
}

SymbolValues first_guess(const std::vector<std::string>& wanted, SymbolValues values) {
  std::vector<std::string> derived;
  for (const std::string& name : wanted) {
    const bool is_expression = name.find_first_of("+*") != std::string::npos;
    if (is_expression || has_word(name, "total")) {
      derived.push_back(name);
    } else {
      values[name] = is_batch(name) ? 1 : kDefault;
    }
  }
  for (const std::string& name : derived) {
    const auto value = has_word(name, "total") ? total(values) : evaluate(name, values);
    values[name] = value.value_or(kDefault);
  }
  return values;
}

std::set<int64_t> sums_of_pairs(const SymbolValues& values) {
  std::set<int64_t> sums;
  for (const auto& [a, x] : values) {
    for (const auto& [b, y] : values) {
      int64_t sum = 0;
      if (a < b && !__builtin_add_overflow(x, y, &sum)) sums.insert(sum);
    }
  }
  return sums;
}

// First one at a time, then all that are no batch together.
std::optional<SymbolValues> search(const std::vector<std::string>& wanted, const SymbolValues& guess,
                                   const Accepts& accepts) {
  for (const std::string& name : wanted) {
    SymbolValues values = guess;
    std::vector<int64_t> candidates(kOthers.begin(), kOthers.end());
    for (const int64_t sum : sums_of_pairs(guess)) candidates.push_back(sum);
    for (const int64_t candidate : candidates) {
      values[name] = candidate;
      if (accepts(values)) return values;
    }
  }
  for (const int64_t candidate : kOthers) {
    SymbolValues values = guess;
    for (const std::string& name : wanted) {
      if (!is_batch(name)) values[name] = candidate;
    }
    if (accepts(values)) return values;
  }
  return std::nullopt;
}

}  // namespace

SymbolValues choose_dims(const std::vector<std::string>& wanted, const SymbolValues& given, const Accepts& accepts) {
  constexpr size_t kMaxSearched = 8;
  SymbolValues guess = first_guess(wanted, given);
  if (wanted.empty() || wanted.size() > kMaxSearched || accepts(guess)) return guess;
  return search(wanted, guess, accepts).value_or(guess);
}

}  // namespace mica::tools
