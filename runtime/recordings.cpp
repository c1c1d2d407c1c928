#include "runtime/recordings.h"

#include <algorithm>

#include "graph/dim_program.h"

namespace mica {
namespace {

bool same_symbols(uint64_t depends, std::span<const int64_t> a, std::span<const int64_t> b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if ((depends & DimProgram::symbol_bit(i)) != 0 && a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace

Recordings::Entry& Recordings::find(uint64_t place, uint64_t depends, std::span<const int64_t> symbols,
                                    std::span<const int64_t> addresses) {
  ++clock_;
  if (place == place_ && place != 0) {
    entries_[current_].used = clock_;
    return entries_[current_];
  }
  auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return same_symbols(depends, entry.symbols, symbols) && std::ranges::equal(entry.addresses, addresses);
  });
  if (found == entries_.end()) {
    if (entries_.size() < kMost) {
      entries_.emplace_back();
      found = entries_.end() - 1;
    } else {
      found = std::ranges::min_element(entries_, {}, &Entry::used);
    }
    found->symbols.assign(symbols.begin(), symbols.end());
    found->addresses.assign(addresses.begin(), addresses.end());
    found->met = false;
    found->recording.reset();
  }
  current_ = static_cast<size_t>(found - entries_.begin());
  place_ = place;
  found->used = clock_;
  return *found;
}

void Recordings::clear() {
  entries_.clear();
  place_ = 0;
}

}  // namespace mica
