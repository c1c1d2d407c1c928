// What a segment of a plan was recorded for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backends/backend.h"

namespace mica {

/// The last few tuples of dims and addresses that a segment ran with, and its recording for those it met again.
class Recordings {
 public:
  static constexpr size_t kMost = 8;

  struct Entry {
    std::vector<int64_t> symbols, addresses;
    const void* scratch = nullptr;  ///< that kernels were given
    bool met = false;               ///< ran with these before
    uint64_t used = 0;
    std::unique_ptr<Recording> recording;  ///< null: not recorded yet
  };

  /// The entry for these, a new one if need be, which takes the place of the one that was not used for longest. `place`
  /// is another number for other symbols or addresses. Only symbols whose bit (DimProgram::symbol_bit) is in `depends`
  /// count.
  Entry& find(uint64_t place, uint64_t depends, std::span<const int64_t> symbols, std::span<const int64_t> addresses);
  void clear();

 private:
  std::vector<Entry> entries_;
  size_t current_ = 0;
  uint64_t place_ = 0;  ///< that `current_` is for
  uint64_t clock_ = 0;
};

}  // namespace mica
