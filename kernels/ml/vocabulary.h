// Lists of integers or of strings in which elements are looked up.
#pragma once

#include "kernels/ml/sorted_keys.h"
#include "runtime/base/error.h"

namespace mica {

struct Vocabulary {
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  SortedNumbers int_places;
  SortedStrings string_places;

  int64_t size() const { return static_cast<int64_t>(ints.size() + strings.size()); }

  /// Numbers the entries; of equal ones the last counts. Throws InvalidModel unless one of the lists, `what`, is given.
  void number(const char* what) {
    if (ints.empty() == strings.empty()) {
      throw Error(ErrorCode::InvalidModel, std::string("one of ") + what + " must be given");
    }
    int_places = sorted_integers(ints);
    string_places = SortedStrings(strings);
  }

  /// -1 for what is not in the list.
  int64_t find(int64_t value) const { return find_integer(int_places, value); }
  int64_t find(const std::string& value) const { return string_places.find(value); }
};

}  // namespace mica
