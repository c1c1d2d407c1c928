// Lists of integers or of strings in which elements are looked up.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/base/error.h"

namespace mica {

struct Vocabulary {
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  std::map<int64_t, int64_t> int_places;
  std::map<std::string, int64_t> string_places;

  int64_t size() const { return static_cast<int64_t>(ints.size() + strings.size()); }

  /// Numbers the entries; of equal ones the last counts. Throws InvalidModel unless one of the lists, `what`, is given.
  void number(const char* what) {
    if (ints.empty() == strings.empty()) {
      throw Error(ErrorCode::InvalidModel, std::string("one of ") + what + " must be given");
    }
    for (size_t i = 0; i < ints.size(); ++i) int_places[ints[i]] = static_cast<int64_t>(i);
    for (size_t i = 0; i < strings.size(); ++i) string_places[strings[i]] = static_cast<int64_t>(i);
  }

  /// -1 for what is not in the list.
  int64_t find(int64_t value) const { return find(int_places, value); }
  int64_t find(const std::string& value) const { return find(string_places, value); }

 private:
  template <class Key>
  static int64_t find(const std::map<Key, int64_t>& places, const Key& value) {
    const auto found = places.find(value);
    return found == places.end() ? -1 : found->second;
  }
};

}  // namespace mica
