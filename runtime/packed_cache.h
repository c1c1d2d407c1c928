// Packed weights that outlive the program: a file that is mapped instead of packing anew.
//
// A file is one page with a header, then the packed bytes as they lay in memory. It appears under its name when it is
// complete, is never written to where it is read, and may be deleted at any time. It serves who wants the very same:
// see PackedFileKey. Whoever can write into its folder can make a model compute something else, but nothing worse:
// the file holds no sizes or places that are not known beforehand.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/content_hash.h"
#include "runtime/base/function_ref.h"

namespace mica {

class ThreadPool;  // backends/cpu/thread_pool.h

struct PackedFileKey {
  /// Of the build, the instruction set, and all that is packed, but for weights that are in files.
  ContentHash layout;
  /// Of the identities (os.h) of these files. They have had the same contents as long as their identities are the same:
  /// that saves reading them.
  ContentHash files;
  /// Whether that can be said of the next change, too: a file system does not tell times apart that are too close.
  bool files_settled = false;
  size_t bytes = 0;  ///< of what is packed
};

/// What is packed, in the mapped file at `path`; null when there is none, or not what `key` tells, and then `notes` has
/// the reason. `contents` is a hash of the weights that are in files, which takes reading them.
std::shared_ptr<const std::byte> read_packed(const std::string& path, const PackedFileKey& key,
                                             FunctionRef<ContentHash()> contents, ThreadPool& threads,
                                             std::vector<std::string>& notes);

/// Writes the file, over another of that name. Where that cannot be done, `notes` has the reason.
void write_packed(const std::string& path, const PackedFileKey& key, const ContentHash& contents,
                  std::span<const std::byte> packed, std::vector<std::string>& notes);

}  // namespace mica
