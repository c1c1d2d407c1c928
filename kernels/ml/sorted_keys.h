// Lists in which keys are looked up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mica {

/// Key is uint64_t, as which any integers may be given, or std::string.
template <class Key>
class SortedKeys {
 public:
  SortedKeys() = default;
  explicit SortedKeys(const std::vector<Key>& keys);

  /// The place that a key had in the list, the last one of equal keys; -1 for what is no key.
  int64_t find(const Key& key) const;

 private:
  std::vector<Key> keys_;
  std::vector<int64_t> places_;
};

using SortedNumbers = SortedKeys<uint64_t>;
using SortedStrings = SortedKeys<std::string>;
extern template class SortedKeys<uint64_t>;
extern template class SortedKeys<std::string>;

/// Of integers by their bits.
SortedNumbers sorted_integers(const std::vector<int64_t>& keys);
inline int64_t find_integer(const SortedNumbers& keys, int64_t key) {
  return keys.find(static_cast<uint64_t>(key));
}

}  // namespace mica
