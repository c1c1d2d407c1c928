#include "kernels/ml/sorted_keys.h"

#include "kernels/reduce/stable_order.h"

namespace mica {

template <class Key>
SortedKeys<Key>::SortedKeys(const std::vector<Key>& keys)
    : places_(stable_order(static_cast<int64_t>(keys.size()), [&](int64_t a, int64_t b) {
        return keys[static_cast<size_t>(a)] < keys[static_cast<size_t>(b)];
      })) {
  for (const int64_t place : places_) keys_.push_back(keys[static_cast<size_t>(place)]);
}

template <class Key>
int64_t SortedKeys<Key>::find(const Key& key) const {
  if (keys_.empty() || key < keys_.front() || keys_.back() < key) return -1;
  const Key* behind = keys_.data();  // of the keys that do not come behind this one
  for (size_t left = keys_.size(); left > 0;) {
    const size_t half = left / 2;
    const bool farther = !(key < behind[half]);
    behind += farther ? half + 1 : 0;
    left = farther ? left - half - 1 : half;
  }
  if (behind == keys_.data() || behind[-1] != key) return -1;
  return places_[static_cast<size_t>(behind - keys_.data() - 1)];
}

template class SortedKeys<uint64_t>;
template class SortedKeys<std::string>;

SortedNumbers sorted_integers(const std::vector<int64_t>& keys) {
  return SortedNumbers(std::vector<uint64_t>(keys.begin(), keys.end()));
}

}  // namespace mica
