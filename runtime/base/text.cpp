#include "runtime/base/text.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace mica {
namespace {

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

// Levenshtein distance, ignoring case.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() && std::equal(beginning.begin(), beginning.end(), text.begin(), same_letter);
}

}  // namespace

std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  if (!best.empty() || name.size() < 2) return std::string(best);
  const auto longer = std::ranges::find_if(candidates, [&](std::string_view text) { return begins_with(text, name); });
  return longer == candidates.end() ? "" : std::string(*longer);
}

std::string unknown_name(std::string_view kind, std::string_view name, std::span<const std::string_view> known) {
  constexpr size_t kListed = 12;
  const auto quoted = [](std::string_view text) { return "\"" + std::string(text) + "\""; };
  std::string message = "no " + std::string(kind) + " is called " + quoted(name);
  if (const std::string near = nearest_name(name, known); !near.empty()) {
    return message + "; did you mean " + quoted(near) + "?";
  }
  if (known.empty()) return message + ": there is none";
  message += ": there is ";
  for (size_t i = 0; i < known.size() && i < kListed; ++i) message += (i > 0 ? ", " : "") + quoted(known[i]);
  if (known.size() > kListed) message += " and " + std::to_string(known.size() - kListed) + " more";
  return message;
}

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace mica
